//! A mocked API server for tests: canned answers in their order, and what was asked for them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use http::{Request, Response};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use parking_lot::Mutex;
use serde_json::{Value, json};

/// One answer.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A body with a status code.
    Json(u16, Value),
    /// A failure with this code and details; its message is `status <code>`.
    Status(u16, Value),
    /// A stream of watch events, which ends after the last.
    Lines(Vec<Value>),
    /// None, ever.
    Never,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub method: String,
    pub uri: String,
    pub body: Value,
}

/// The server.
#[derive(Clone, Debug)]
pub(crate) struct Mock {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Mock {
    /// A server that gives these answers, and after them 404.
    pub(crate) fn new(answers: Vec<Answer>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into())), asked: Arc::default() }
    }

    /// Everything asked so far.
    pub(crate) fn requests(&self) -> Vec<Asked> {
        self.asked.lock().clone()
    }

    pub(crate) fn client(&self) -> Client {
        let mock = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let mock = mock.clone();
            async move { Ok::<_, Infallible>(mock.answer(request).await) }
        });
        Client::new(service, "default")
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        self.asked.lock().push(Asked {
            method: parts.method.to_string(),
            uri: parts.uri.to_string(),
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        });
        let answer = self.answers.lock().pop_front();
        let answer = answer.unwrap_or_else(|| Answer::Status(404, json!({})));
        let (code, body) = match answer {
            Answer::Json(code, body) => (code, body.to_string()),
            Answer::Status(code, details) => (code, failure(code, &details).to_string()),
            Answer::Lines(events) => {
                let lines = events.iter().map(|event| format!("{event}\n"));
                (200, lines.collect())
            }
            Answer::Never => std::future::pending().await,
        };
        let body = Body::from(body.into_bytes());
        Response::builder().status(code).body(body).unwrap()
    }
}

fn failure(code: u16, details: &Value) -> Value {
    let reason = if code == 404 { "NotFound" } else { "" };
    json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure",
        "message": format!("status {code}"), "reason": reason, "code": code, "details": details,
    })
}
