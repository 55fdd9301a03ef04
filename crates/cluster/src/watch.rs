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
use crate::configure::Configure;
use crate::table::{Change, Key};

/// Objects in one page of a list, where the API server cannot stream it: 500 pods are about 5 MB.
const PAGE: u32 = 500;

/// What all watches share.
#[derive(Clone)]
pub(crate) struct Watches {
    pub client: Client,
    pub index: Arc<Index>,
    pub configure: Arc<Configure>,
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
    pub row: Box<dyn Fn(&K, &Configure) -> Option<V> + Send + Sync>,
    /// Takes a row's change in.
    pub apply: Box<dyn Fn(&Index, Change<V>) + Send + Sync>,
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
        let row = |object: &K| (watch.row)(object, &self.configure);
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
