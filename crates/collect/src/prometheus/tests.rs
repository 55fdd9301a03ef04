//! A server that gives canned answers.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use http::{Request, Response};
use kube::client::Body;
use parking_lot::Mutex;
use plimsoll_pipeline::SampleSource;

use super::*;

/// A server whose answer depends on what it is asked, and a list of the questions.
pub(crate) fn mk_server(
    answer: impl Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static,
) -> (Prometheus, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (questions, answer) = (Arc::clone(&asked), Arc::new(answer));
    let service = tower::service_fn(move |request: Request<Body>| {
        let (questions, answer) = (Arc::clone(&questions), Arc::clone(&answer));
        async move {
            let path = request.uri().path().to_owned();
            let form = request.into_body().collect_bytes().await.unwrap();
            let form = String::from_utf8(form.to_vec()).unwrap();
            let question = format!("{path}?{form}");
            questions.lock().push(question.clone());
            let Some((status, body)) = answer(&question) else {
                return std::future::pending().await;
            };
            let body = Body::from(body.into_bytes());
            Ok::<_, Infallible>(Response::builder().status(status).body(body).unwrap())
        }
    });
    let labels = [("cluster".to_owned(), "a\"b".to_owned())];
    (Prometheus::with_client(Client::new(service, "default"), &labels), asked)
}

/// Collects from a server that gives these answers for CPU and memory; expects the usage as
/// `namespace/pod/container cpu memory`, or how the error begins.
async fn check(
    cpu: (u16, &'static str),
    memory: Option<(u16, &'static str)>,
    expect: Result<(&[&str], u64), &str>,
) {
    let (server, asked) = mk_server(move |question| {
        let (status, body) = if question.contains("cpu_usage") { cpu } else { memory? };
        Some((status, body.to_owned()))
    });
    let mut samples = PrometheusSamples::new(server);
    let collected = samples.collect(Timestamp::from_seconds(60)).await;
    for question in asked.lock().iter() {
        assert!(question.starts_with("/api/v1/query?time=60&query=max%20by"), "{question}");
        assert!(question.contains("%2Ccluster%3D%22a%5C%22b%22%7D"), "{question}");
    }
    let shown = collected.map(|collected| {
        let lines = collected.usage.iter().map(|one| {
            let value =
                |resource| one.usage.get(resource).map_or(-1.0, plimsoll_domain::Amount::value);
            let (cpu, memory) =
                (value(plimsoll_domain::Resource::Cpu), value(plimsoll_domain::Resource::Memory));
            format!("{}/{}/{} {cpu} {memory}", one.namespace, one.pod, one.container)
        });
        (lines.collect::<Vec<_>>(), collected.dropped)
    });
    let shown = shown.map_err(|error| error.source().unwrap().to_string());
    match (&shown, expect) {
        (Err(error), Err(begin)) => assert!(error.starts_with(begin), "{error}"),
        (Ok((lines, dropped)), Ok(expect)) => {
            assert_eq!(lines, expect.0);
            assert_eq!(*dropped, expect.1);
        }
        _ => panic!("{shown:?}"),
    }
}

const NOTHING: &str = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;

#[tokio::test]
async fn collects_both_resources_of_each_container() {
    let cpu = r#"{"status":"success","data":{"resultType":"vector","result":[
        {"metric":{"namespace":"shop","pod":"a","container":"app"},"value":[60,"0.5"]},
        {"metric":{"namespace":"shop","pod":"b","container":"app"},"value":[60,"NaN"]},
        {"metric":{"namespace":"shop","pod":"c","container":"app"},"value":[60,"-1"]}]}}"#;
    let memory = r#"{"status":"success","data":{"resultType":"vector","result":[
        {"metric":{"namespace":"shop","pod":"a","container":"app"},"value":[60,"1024"]},
        {"metric":{"namespace":"shop","pod":"b","container":"app"},"value":[60,"7"]}]}}"#;
    let both = ["shop/a/app 0.5 1024", "shop/b/app -1 7"];
    check((200, cpu), Some((200, memory)), Ok((&both, 2))).await;
    check((200, NOTHING), Some((200, NOTHING)), Ok((&[], 0))).await;
}

#[tokio::test]
async fn failures_say_what_the_server_said() {
    let said = r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
    let expect = "ask Prometheus: it said 400: parse error";
    check((400, said), Some((200, NOTHING)), Err(expect)).await;
    let expect = "ask Prometheus: it said 502: bad gateway";
    check((502, "bad\n gateway"), Some((200, NOTHING)), Err(expect)).await;
    check((200, "<html>"), Some((200, NOTHING)), Err("read the answer of Prometheus")).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_given_up() {
    check((503, ""), None, Err("ask Prometheus: it said 503")).await;
    check((200, NOTHING), None, Err("ask Prometheus: no answer within")).await;
}

#[test]
fn addresses_that_are_none_are_refused() {
    for url in ["", "prometheus:9090", "ftp://host", "http://host/?x=1", "http:// host"] {
        let options = PrometheusOptions { url: url.to_owned(), ..PrometheusOptions::default() };
        assert!(matches!(Prometheus::new(&options), Err(PrometheusError::Url(_))), "{url}");
    }
}
