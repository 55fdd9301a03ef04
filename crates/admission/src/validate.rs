//! One review of an object people write settings in, from its bytes to the answer: refused with a
//! message that says what to write instead, or admitted, with remarks where there are any. Whatever
//! goes wrong, the object is admitted: the controller reads it again and says the same in its
//! status.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use plimsoll_domain::{Diagnostic, Severity};

use crate::body::{self, Received};
use crate::handler::json;
use crate::judge::judge;
use crate::metrics::{AdmissionMetrics, Validated};
use crate::review::{self, ObjectRequest, Refusal};

/// Where reviews of settings are posted.
pub const VALIDATE_PATH: &str = "/validate";

/// A review holds an object and the one before it. Settings that are read have at most 64 KiB; what
/// makes a review greater than this is something else, and not judged. As a tree in memory it takes
/// up to 16 times its size.
const REVIEW_BYTES_MAX: usize = 1024 * 1024;

/// Errors and warnings that are told. Who made more has seen enough to begin with.
const REMARKS_MAX: usize = 10;

/// The API server cuts warnings at 256 characters where many come together.
const WARNING_CHARS_MAX: usize = 256;

/// A message of this many characters still reads in a terminal.
const MESSAGE_CHARS_MAX: usize = 2000;

pub(crate) async fn validate(State(metrics): State<Arc<AdmissionMetrics>>, body: Body) -> Response {
    let (how, answer) = match body::read(body, REVIEW_BYTES_MAX).await {
        Received::Whole(bytes) => answer(&bytes),
        Received::TooLarge { beginning } => {
            let uid = review::uid(&beginning);
            (Validated::TooLarge, allowed(uid, StatusCode::PAYLOAD_TOO_LARGE))
        }
        Received::Broken => (Validated::Malformed, StatusCode::BAD_REQUEST.into_response()),
    };
    metrics.record_validation(how);
    answer
}

fn answer(bytes: &[u8]) -> (Validated, Response) {
    let request = match review::parse_object(bytes) {
        Ok(request) => request,
        Err(uid) => return (Validated::Malformed, allowed(uid, StatusCode::BAD_REQUEST)),
    };
    let remarks = catch_unwind(AssertUnwindSafe(|| considered(&request)));
    let Ok(remarks) = remarks else {
        tracing::error!(uid = request.uid, "Admitted settings unseen after a panic");
        return (Validated::Panicked, allowed(Some(request.uid), StatusCode::OK));
    };
    let of = |severity: Severity| remarks.iter().filter(move |remark| remark.severity == severity);
    let errors: Vec<_> = of(Severity::Error).take(REMARKS_MAX).map(ToString::to_string).collect();
    let warnings = of(Severity::Warning).take(REMARKS_MAX);
    let warnings: Vec<_> =
        warnings.map(|remark| cut(remark.to_string(), WARNING_CHARS_MAX)).collect();
    let refusal = (!errors.is_empty())
        .then(|| Refusal { message: cut(errors.join("; "), MESSAGE_CHARS_MAX) });
    let how = match (&refusal, warnings.is_empty()) {
        (Some(_), _) => Validated::Denied,
        (None, false) => Validated::Warned,
        (None, true) => Validated::Allowed,
    };
    (how, json(review::judged(&request.uid, refusal, warnings)))
}

/// What is to be said. Nothing of an object that goes, nor where what is judged stays as it is: an
/// object that came about while nobody judged can still be labelled.
fn considered(request: &ObjectRequest) -> Vec<Diagnostic> {
    let is_write = matches!(request.operation.as_str(), "CREATE" | "UPDATE")
        && request.sub_resource.as_deref().is_none_or(str::is_empty);
    let goes = request.object.pointer("/metadata/deletionTimestamp").is_some();
    if !is_write || goes {
        return Vec::new();
    }
    let old = request.old_object.as_ref().filter(|old| !old.is_null());
    if old.is_some_and(|old| old.get("spec") == request.object.get("spec")) {
        return Vec::new();
    }
    judge(&request.resource, old, &request.object)
}

fn allowed(uid: Option<String>, otherwise: StatusCode) -> Response {
    match uid {
        Some(uid) => json(review::judged(&uid, None, Vec::new())),
        None => otherwise.into_response(),
    }
}

fn cut(mut text: String, chars: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(chars) {
        text.truncate(end);
    }
    text
}
