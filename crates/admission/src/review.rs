//! The AdmissionReview as it comes and goes.

use k8s_openapi::ByteString;
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
    serde_json::from_slice::<Review<Request>>(bytes)
        .map(|review| review.request)
        .map_err(|_| uid(bytes))
}

/// The answer that admits a pod, with a patch or without.
pub(crate) fn admitted(uid: &str, operations: &[Value]) -> Vec<u8> {
    let patch = (!operations.is_empty())
        .then(|| serde_json::to_vec(operations).ok())
        .flatten()
        .map(ByteString);
    let answer = Answer {
        api_version: "admission.k8s.io/v1",
        kind: "AdmissionReview",
        response: Response {
            uid,
            allowed: true,
            patch_type: patch.as_ref().map(|_| "JSONPatch"),
            patch,
        },
    };
    // Strings and bytes always serialise; an empty answer would admit the pod as well.
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
