//! Counts requests to the API server by verb and resource: a restart that writes nothing, and
//! three calls for a resized pod, are promises that only a count can show.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;
use parking_lot::Mutex;

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Reads one object or a list.
    Get,
    /// Follows changes.
    Watch,
    /// Creates.
    Create,
    /// Replaces.
    Update,
    /// Changes in part.
    Patch,
    /// Deletes.
    Delete,
}

impl Verb {
    /// The word used as a metric label.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }

    /// Whether it changes anything.
    pub fn writes(self) -> bool {
        !matches!(self, Self::Get | Self::Watch)
    }
}

/// Counters of requests. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct ApiCalls(Arc<Mutex<BTreeMap<(Verb, String), u64>>>);

impl ApiCalls {
    /// How often each verb was sent to each resource (`pods/resize`, `leases`, ...), in order.
    /// There are about 30 pairs: resources are named by this program alone.
    pub fn counts(&self) -> Vec<(Verb, String, u64)> {
        let counts = self.0.lock();
        counts.iter().map(|((verb, resource), count)| (*verb, resource.clone(), *count)).collect()
    }

    /// Requests that changed something, Lease renewals apart.
    pub fn writes(&self) -> u64 {
        let counts = self.0.lock();
        counts
            .iter()
            .filter(|((verb, resource), _)| verb.writes() && resource != "leases")
            .map(|(_, count)| count)
            .sum()
    }

    pub(crate) fn note(&self, method: &Method, path: &str, query: Option<&str>) {
        let key = (verb(method, query), resource(path));
        *self.0.lock().entry(key).or_default() += 1;
    }
}

fn verb(method: &Method, query: Option<&str>) -> Verb {
    match method.as_str() {
        "POST" => Verb::Create,
        "PUT" => Verb::Update,
        "PATCH" => Verb::Patch,
        "DELETE" => Verb::Delete,
        _ if query.is_some_and(|query| query.contains("watch=true")) => Verb::Watch,
        _ => Verb::Get,
    }
}

/// The resource a path names, with its subresource: `/api/v1/namespaces/a/pods/b/resize` is
/// `pods/resize`. Everything that is no resource (versions, discovery) is `discovery`.
fn resource(path: &str) -> String {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let in_group = match parts.next() {
        Some("api") => parts.next().is_some(),
        Some("apis") => parts.next().is_some() && parts.next().is_some(),
        _ => false,
    };
    let mut parts = parts.peekable();
    let mut collection = parts.next();
    if collection == Some("namespaces") && parts.clone().count() > 1 {
        parts.next();
        collection = parts.next();
    }
    let (Some(collection), true) = (collection, in_group) else {
        return "discovery".to_owned();
    };
    match parts.nth(1) {
        Some(subresource) => format!("{collection}/{subresource}"),
        None => collection.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expect: &str) {
        assert_eq!(resource(path), expect, "{path}");
    }

    #[test]
    fn names_the_resource_of_a_path() {
        check("/api/v1/pods", "pods");
        check("/api/v1/namespaces", "namespaces");
        check("/api/v1/namespaces/a", "namespaces");
        check("/api/v1/namespaces/a/pods", "pods");
        check("/api/v1/namespaces/a/pods/b", "pods");
        check("/api/v1/namespaces/a/pods/b/resize", "pods/resize");
        check("/apis/plimsoll.dev/v1alpha1/scaledworkloads", "scaledworkloads");
        check(
            "/apis/plimsoll.dev/v1alpha1/namespaces/a/scaledworkloads/b/status",
            "scaledworkloads/status",
        );
        check("/version", "discovery");
        check("/apis/apps/v1", "discovery");
    }

    #[test]
    fn lease_renewals_and_reads_are_no_writes() {
        let calls = ApiCalls::default();
        calls.note(&Method::GET, "/api/v1/pods", Some("watch=true"));
        calls.note(&Method::PUT, "/apis/coordination.k8s.io/v1/namespaces/a/leases/b", None);
        assert_eq!(calls.writes(), 0);
        calls.note(&Method::PATCH, "/api/v1/namespaces/a/pods/b/resize", None);
        assert_eq!(calls.writes(), 1);
        assert_eq!(calls.counts()[0], (Verb::Watch, "pods".to_owned(), 1), "{calls:?}");
    }
}
