//! The watches: every object becomes a row the moment it arrives, and is dropped.

use std::fmt::Debug;
use std::sync::Arc;

use futures::StreamExt;
use futures::future::BoxFuture;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::Index;
use crate::client::WATCH_SECONDS;
use crate::intern::Intern;
use crate::table::{Change, Key};

/// Objects in one page of a list, where the API server cannot stream it: 500 pods are about 5 MB.
const PAGE: u32 = 500;

/// What all watches share.
#[derive(Clone)]
pub(crate) struct Watches {
    pub client: Client,
    pub index: Arc<Index>,
    /// What rows share.
    pub intern: Arc<Intern>,
    pub cancel: CancellationToken,
}

/// How a watch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was told to.
    Cancelled,
    /// The API server does not know the kind (any more).
    KindUnknown,
}

/// The row of an object, if it is of interest.
type ToRow<K, V> = Box<dyn Fn(&K, &Intern) -> Option<V> + Send + Sync>;

/// Takes a row's change in.
type ApplyChange<V> = Box<dyn Fn(&Index, Change<V>) + Send + Sync>;

/// One kind to watch.
pub(crate) struct Watch<K, V> {
    /// What it is called in logs.
    pub name: &'static str,
    /// Which objects.
    pub api: Api<K>,
    /// One object alone, by name.
    pub only: Option<&'static str>,
    /// Whether it ends when the kind is unknown; otherwise it keeps trying.
    pub is_optional: bool,
    /// The row of an object; none where the object is of no interest.
    pub row: ToRow<K, V>,
    /// Takes a row's change in.
    pub apply: ApplyChange<V>,
}

impl<K, V> Watch<K, V> {
    /// The same, to end when the kind is unknown.
    pub(crate) fn optional(self) -> Self {
        Self { is_optional: true, ..self }
    }
}

/// Why a stream of events ended.
enum Broken {
    Ended(Ended),
    /// The API server cannot stream lists.
    NoStreaming,
}

impl Watches {
    /// Follows one kind until told to end.
    pub(crate) fn follow<K, V>(&self, watch: Watch<K, V>) -> BoxFuture<'static, Ended>
    where
        K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
        V: Send + 'static,
    {
        let watches = self.clone();
        Box::pin(async move {
            let mut config = watcher::Config::default().timeout(WATCH_SECONDS).page_size(PAGE);
            if let Some(name) = watch.only {
                config = config.fields(&format!("metadata.name={name}"));
            }
            // Streamed lists do not fill the memory of either side, nor expire between pages.
            match watches.run(&watch, config.clone().streaming_lists()).await {
                Broken::Ended(ended) => return ended,
                Broken::NoStreaming => tracing::debug!(kind = watch.name, "Lists were paged"),
            }
            match watches.run(&watch, config).await {
                Broken::Ended(ended) => ended,
                // A paged list streams nothing; should a server say so, the kind stays unlisted.
                Broken::NoStreaming => Ended::KindUnknown,
            }
        })
    }

    async fn run<K, V>(&self, watch: &Watch<K, V>, config: watcher::Config) -> Broken
    where
        K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
        V: Send + 'static,
    {
        let stream = watcher(watch.api.clone(), config).default_backoff();
        let mut stream = std::pin::pin!(stream);
        let mut failing = false;
        loop {
            let event = tokio::select! {
                () = self.cancel.cancelled() => return Broken::Ended(Ended::Cancelled),
                event = stream.next() => event,
            };
            match event {
                None => return Broken::Ended(Ended::KindUnknown),
                Some(Ok(event)) => {
                    if std::mem::take(&mut failing) {
                        tracing::info!(kind = watch.name, "Watch works again");
                        self.index.write(|tables| tables.errors.remove(watch.name));
                    }
                    self.apply(watch, event);
                }
                Some(Err(error)) => {
                    if let Some(broken) = verdict(watch.is_optional, &error) {
                        return broken;
                    }
                    self.note(watch.name, &error, &mut failing);
                }
            }
        }
    }

    fn apply<K: Resource, V>(&self, watch: &Watch<K, V>, event: Event<K>) {
        let row = |object: &K| (watch.row)(object, &self.intern);
        let change = match event {
            Event::Init => Change::ListBegun,
            Event::InitDone => Change::ListDone,
            Event::InitApply(object) => match row(&object) {
                Some(row) => Change::Listed(key(&object), row),
                None => return,
            },
            Event::Apply(object) => match row(&object) {
                Some(row) => Change::Set(key(&object), row),
                None => Change::Removed(key(&object)),
            },
            Event::Delete(object) => Change::Removed(key(&object)),
        };
        (watch.apply)(&self.index, change);
    }

    /// Says once that a watch does not work; a watch that ends in time and begins again does.
    fn note(&self, name: &'static str, error: &watcher::Error, failing: &mut bool) {
        if is_expired(error) {
            return;
        }
        if !std::mem::replace(failing, true) {
            tracing::warn!(kind = name, error = error as &dyn std::error::Error, "Watch failed");
        }
        let text = format!("watch {name}: {error}");
        self.index.write(|tables| tables.errors.insert(name, text));
    }
}

fn key(object: &impl Resource) -> Key {
    let namespace = object.meta().namespace.as_deref().unwrap_or_default();
    Key::new(namespace, &object.name_any())
}

/// Whether an error ends a watch: the kind is gone, or lists cannot be streamed.
fn verdict(is_optional: bool, error: &watcher::Error) -> Option<Broken> {
    match (error, code(error)?) {
        (_, 404) if is_optional => Some(Broken::Ended(Ended::KindUnknown)),
        (watcher::Error::WatchStartFailed(_), 400 | 422) => Some(Broken::NoStreaming),
        _ => None,
    }
}

/// The present version is too old to go on from: the watch lists anew by itself.
fn is_expired(error: &watcher::Error) -> bool {
    code(error) == Some(410)
}

fn code(error: &watcher::Error) -> Option<u16> {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => Some(status.code),
        watcher::Error::InitialListFailed(_)
        | watcher::Error::WatchStartFailed(_)
        | watcher::Error::WatchFailed(_)
        | watcher::Error::NoResourceVersion => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::{Answer, Mock};
    use crate::table::Table;
    use k8s_openapi::api::core::v1::Pod;
    use serde_json::{Value, json};
    use std::time::Duration;

    fn pod(name: &str) -> Value {
        json!({"metadata": {"namespace": "a", "name": name, "resourceVersion": "5"}})
    }

    fn event(type_: &str, object: Value) -> Value {
        let mut object = object;
        object["apiVersion"] = json!("v1");
        object["kind"] = json!("Pod");
        json!({"type": type_, "object": object})
    }

    fn list_end() -> Value {
        let annotations = json!({"k8s.io/initial-events-end": "true"});
        event(
            "BOOKMARK",
            json!({"metadata": {
                "resourceVersion": "5", "annotations": annotations,
            }}),
        )
    }

    /// Follows pods of a server with these answers until it hangs or the watch ends. Says how it
    /// ended, if it did, and which pods are known.
    async fn check(answers: Vec<Answer>, ended: Option<Ended>, expect: Option<&[&str]>) {
        let mock = Mock::new(answers);
        let watches = Watches {
            client: mock.client(),
            index: Arc::new(Index::test()),
            intern: Arc::default(),
            cancel: CancellationToken::new(),
        };
        let names: Arc<parking_lot::Mutex<Table<()>>> = Arc::default();
        let rows = Arc::clone(&names);
        let watch = Watch {
            name: "Pods",
            api: Api::<Pod>::all(mock.client()),
            only: None,
            is_optional: true,
            row: Box::new(|object: &Pod, _| (object.name_any() != "hidden").then_some(())),
            apply: Box::new(move |_, change| rows.lock().apply(change, |(), ()| {})),
        };
        // Time is paused: the limit is reached at once when nothing else is left to do.
        let follow = tokio::time::timeout(Duration::from_mins(1), watches.follow(watch));
        assert_eq!(follow.await.ok(), ended, "{:?}", mock.requests());
        let names = names.lock();
        let known: Vec<_> = names.iter().map(|(key, ())| &*key.name).collect();
        assert_eq!(names.is_listed().then_some(&*known), expect);
    }

    #[tokio::test(start_paused = true)]
    async fn a_streamed_list_becomes_rows_and_its_changes_too() {
        let events = vec![
            event("ADDED", pod("old")),
            event("ADDED", pod("kept")),
            event("ADDED", pod("hidden")),
            list_end(),
            event("ADDED", pod("new")),
            event("DELETED", pod("old")),
        ];
        let answers = vec![Answer::Lines(events), Answer::Never];
        check(answers, None, Some(&["kept", "new"])).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_without_its_end_is_not_in_force() {
        let answers = vec![Answer::Lines(vec![event("ADDED", pod("a"))]), Answer::Never];
        check(answers, None, None).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_cannot_stream_lists_is_asked_for_pages() {
        let page = json!({
            "kind": "PodList", "apiVersion": "v1",
            "metadata": {"resourceVersion": "5"}, "items": [pod("a")],
        });
        let answers = vec![Answer::Status(422, json!({})), Answer::Json(200, page), Answer::Never];
        check(answers, None, Some(&["a"])).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_optional_kind_that_is_unknown_ends_its_watch() {
        let answers = vec![Answer::Status(404, json!({}))];
        check(answers, Some(Ended::KindUnknown), None).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_fails_for_a_while_is_asked_again() {
        let events = vec![event("ADDED", pod("a")), list_end()];
        let answers = vec![
            Answer::Status(500, json!({})),
            Answer::Status(503, json!({})),
            Answer::Lines(events),
            Answer::Never,
        ];
        check(answers, None, Some(&["a"])).await;
    }
}
