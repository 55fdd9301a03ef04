//! The order to stand still, for the whole cluster: one ConfigMap in the program's namespace.
//! While it exists nothing is changed, whatever it says, and whoever restarts.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::jiff;
use kube::api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use plimsoll_api::{FIELD_MANAGER, timestamp};
use plimsoll_domain::{Stop, Timestamp};
use serde_json::json;

use crate::ClusterError;
use crate::call::call;

/// The ConfigMap's name.
pub const NAME: &str = "plimsoll-stop";

const SINCE: &str = "since";
const NOTE: &str = "note";

/// Tells the whole cluster to stand still. One that stands still already keeps its time and gets
/// the new note.
pub async fn stop(
    client: &Client,
    namespace: &str,
    note: &str,
    now: Timestamp,
) -> Result<(), ClusterError> {
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let since = jiff::Timestamp::from_second(now.seconds()).unwrap_or_default();
    let data = [(SINCE, since.to_string()), (NOTE, note.to_owned())];
    let data = data.map(|(key, value)| (key.to_owned(), value));
    let order = ConfigMap {
        metadata: ObjectMeta { name: Some(NAME.to_owned()), ..ObjectMeta::default() },
        data: Some(BTreeMap::from(data)),
        ..ConfigMap::default()
    };
    let attempt = || format!("create the ConfigMap {NAME} in {namespace}");
    let created = call(attempt(), api.create(&manager(), &order)).await;
    match created {
        Err(error) if error.code() == Some(409) => {
            let patch = Patch::Merge(json!({"data": {NOTE: note}}));
            let params = PatchParams::default();
            call(attempt(), api.patch(NAME, &params, &patch)).await.map(drop)
        }
        created => created.map(drop),
    }
}

/// Lets the cluster go on. Says whether it stood still.
pub async fn resume(client: &Client, namespace: &str) -> Result<bool, ClusterError> {
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let attempt = format!("delete the ConfigMap {NAME} in {namespace}");
    match call(attempt, api.delete(NAME, &DeleteParams::default())).await {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some(404) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The order, if the cluster stands still.
pub async fn stopped(client: &Client, namespace: &str) -> Result<Option<Stop>, ClusterError> {
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let attempt = format!("read the ConfigMap {NAME} in {namespace}");
    let order = call(attempt, api.get_opt(NAME)).await?;
    Ok(order.as_ref().and_then(self::order))
}

/// What the object says. One that was written by hand, without a time or a note, stops as well;
/// one that is being deleted does not.
pub(crate) fn order(object: &ConfigMap) -> Option<Stop> {
    if object.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let text = |key: &str| object.data.as_ref().and_then(|data| data.get(key));
    let written = text(SINCE).and_then(|since| since.parse::<jiff::Timestamp>().ok());
    let written = written.map(|time| Timestamp::from_seconds(time.as_second()));
    let created = object.metadata.creation_timestamp.as_ref().map(timestamp);
    Some(Stop {
        since: written.or(created).unwrap_or_default(),
        note: text(NOTE).cloned().unwrap_or_default(),
    })
}

fn manager() -> PostParams {
    PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(object: serde_json::Value, expect: Option<(i64, &str)>) {
        let object = serde_json::from_value(object).unwrap();
        let expect = expect.map(|(since, note)| Stop {
            since: Timestamp::from_seconds(since),
            note: note.to_owned(),
        });
        assert_eq!(order(&object), expect);
    }

    #[test]
    fn the_object_stops_the_cluster_whatever_it_says() {
        let data = json!({"since": "1970-01-01T00:01:00Z", "note": "incident"});
        check(json!({"metadata": {}, "data": data}), Some((60, "incident")));
        let created = json!({"creationTimestamp": "1970-01-01T00:02:00Z"});
        check(json!({"metadata": created}), Some((120, "")));
        check(json!({"metadata": {}, "data": {"since": "yesterday"}}), Some((0, "")));
    }

    #[test]
    fn an_object_that_is_going_away_does_not() {
        check(json!({"metadata": {"deletionTimestamp": "1970-01-01T00:02:00Z"}}), None);
    }

    #[tokio::test]
    async fn stopping_twice_keeps_the_time_and_resuming_twice_is_fine() {
        use crate::mock::{Answer, Mock};
        let there = Answer::Status(409, json!({}));
        let mock = Mock::new(vec![there, Answer::Json(200, json!({"metadata": {}}))]);
        let now = Timestamp::from_seconds(60);
        stop(&mock.client(), "plimsoll", "again", now).await.unwrap();
        assert_eq!(mock.requests()[0].body["data"]["since"], "1970-01-01T00:01:00Z");
        assert_eq!(mock.requests()[1].body, json!({"data": {"note": "again"}}));
        let mock = Mock::new(vec![Answer::Json(200, json!({"status": "Success"}))]);
        assert!(resume(&mock.client(), "plimsoll").await.unwrap());
        assert!(!resume(&mock.client(), "plimsoll").await.unwrap());
    }
}
