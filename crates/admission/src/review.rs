//! The AdmissionReview as it comes and goes.

use k8s_openapi::ByteString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::pod::Pod;

/// The request in a review, as far as it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    pub uid: String,
    pub operation: String,
    pub namespace: String,
    pub sub_resource: Option<String>,
    pub object: Pod,
}

/// The request in a review of an object that holds settings, as far as it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectRequest {
    pub uid: String,
    pub operation: String,
    pub resource: GroupResource,
    pub sub_resource: Option<String>,
    pub object: Value,
    pub old_object: Option<Value>,
}

/// What kind of object a review is about.
#[derive(Debug, Deserialize)]
pub(crate) struct GroupResource {
    pub group: String,
    pub resource: String,
}

/// Why an object is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub message: String,
}

#[derive(Deserialize)]
struct Review<T> {
    request: T,
}

#[derive(Deserialize)]
struct Identified {
    uid: String,
}

/// The request, or the uid alone where the rest is not as expected, or nothing.
pub(crate) fn parse(bytes: &[u8]) -> Result<Request, Option<String>> {
    request(bytes)
}

/// The same of an object that holds settings.
pub(crate) fn parse_object(bytes: &[u8]) -> Result<ObjectRequest, Option<String>> {
    request(bytes)
}

fn request<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Option<String>> {
    serde_json::from_slice::<Review<T>>(bytes).map(|review| review.request).map_err(|_| uid(bytes))
}

/// The answer that admits a pod, with a patch or without.
pub(crate) fn admitted(uid: &str, operations: &[Value]) -> Vec<u8> {
    let patch = (!operations.is_empty())
        .then(|| serde_json::to_vec(operations).ok())
        .flatten()
        .map(ByteString);
    answer(Response {
        patch_type: patch.as_ref().map(|_| "JSONPatch"),
        patch,
        ..Response::allowed(uid)
    })
}

/// The answer that admits or refuses an object, with warnings for whoever wrote it.
pub(crate) fn judged(uid: &str, refusal: Option<Refusal>, warnings: Vec<String>) -> Vec<u8> {
    answer(Response {
        allowed: refusal.is_none(),
        warnings,
        status: refusal.map(|Refusal { message }| Status { message, reason: "Invalid", code: 422 }),
        ..Response::allowed(uid)
    })
}

fn answer(response: Response<'_>) -> Vec<u8> {
    let answer = Answer { api_version: "admission.k8s.io/v1", kind: "AdmissionReview", response };
    // Strings and bytes always serialise; an empty answer would admit the object as well.
    serde_json::to_vec(&answer).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<ByteString>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

impl<'a> Response<'a> {
    fn allowed(uid: &'a str) -> Self {
        Self {
            uid,
            allowed: true,
            patch: None,
            patch_type: None,
            warnings: Vec::new(),
            status: None,
        }
    }
}

/// What the API server tells whoever wrote a refused object.
#[derive(Serialize)]
struct Status {
    message: String,
    reason: &'static str,
    code: u16,
}

/// The request's uid, also where the document is cut off or malformed further on.
pub(crate) fn uid(bytes: &[u8]) -> Option<String> {
    serde_json::from_slice::<Review<Identified>>(bytes)
        .map(|review| review.request.uid)
        .ok()
        .or_else(|| uid_at_the_beginning(bytes))
}

/// The API server writes `"request":{"uid":"..."` first; this reads it without the rest.
fn uid_at_the_beginning(bytes: &[u8]) -> Option<String> {
    let mut rest = after(bytes, b"\"request\"")?;
    for token in [&b":"[..], b"{", b"\"uid\"", b":", b"\""] {
        rest = rest.trim_ascii_start().strip_prefix(token)?;
    }
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let uid = std::str::from_utf8(&rest[..end]).ok()?;
    let is_plain = uid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_plain && !uid.is_empty()).then(|| uid.to_owned())
}

fn after<'a>(bytes: &'a [u8], needle: &[u8]) -> Option<&'a [u8]> {
    let start = bytes.windows(needle.len()).position(|window| window == needle)?;
    bytes.get(start + needle.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(uid(text.as_bytes()).as_deref(), expect, "{text}");
    }

    #[test]
    fn the_uid_is_read_from_whatever_is_left_of_a_review() {
        check(r#"{"request": {"object": 5, "uid": "a-1"}}"#, Some("a-1"));
        check(r#"{"kind":"AdmissionReview","request":{"uid":"a-1","kind":{"#, Some("a-1"));
        check("{ \"request\" :\n { \"uid\" : \"a-1\" ,", Some("a-1"));
        check(r#"{"request":{"kind":{"uid":"no"#, None);
        check(r#"{"request":{"uid":"a-1"#, None);
        check(r#"{"request":{"uid":"a 1", "#, None);
        check("", None);
    }
}
