//! Shares what many objects have alike, label maps and documents read from annotations: in memory,
//! and as one value to recognize at the next change of the object, so that what was made of it is not
//! made again.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use plimsoll_api::{ANNOTATION_PREFIX, CONFIGURATION_ANNOTATION, read_annotations};
use plimsoll_domain::Parsed;

/// Labels, shared by all rows that have the same.
pub(crate) type Labels = Arc<BTreeMap<String, String>>;

/// What annotations say, shared by all rows that have the same.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    /// What was read.
    pub parsed: Arc<Parsed>,
    /// Whether it was read from annotations of the older form.
    pub is_older: bool,
}

/// What is shared by rows.
#[derive(Debug, Default)]
pub(crate) struct Intern {
    labels: Mutex<Pool<BTreeMap<String, String>>>,
    documents: Mutex<Pool<Parsed>>,
}

impl Intern {
    /// The labels of an object.
    pub(crate) fn labels(&self, labels: Option<&BTreeMap<String, String>>) -> Labels {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        let labels = labels.unwrap_or(&NONE);
        let pairs = labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        self.labels.lock().get(pairs, || Some(labels.clone())).unwrap_or_default()
    }

    /// What the annotations of an object say, if they configure anything.
    pub(crate) fn document(
        &self,
        annotations: Option<&BTreeMap<String, String>>,
    ) -> Option<Document> {
        let annotations = annotations?;
        let own = annotations.iter().filter(|(key, _)| key.starts_with(ANNOTATION_PREFIX));
        let mut own = own.map(|(key, value)| (key.as_str(), value.as_str())).peekable();
        own.peek()?;
        let parsed = self.documents.lock().get(own, || read_annotations(annotations))?;
        Some(Document { parsed, is_older: !annotations.contains_key(CONFIGURATION_ANNOTATION) })
    }
}

/// Values by what they were made of, as long as anyone has them.
#[derive(Debug)]
struct Pool<T> {
    values: HashMap<Fingerprint, Weak<T>>,
    /// At this size the values that nobody has any more are taken out.
    sweep_at: usize,
    /// Each with secret keys of its own, so that nobody can write two documents that look alike.
    hashers: [RandomState; 2],
}

/// 128 bits of what a value was made of: among 100,000 values two have the same in one of 10^28 runs
/// of the program, and the text itself (up to 256 KiB) need not be kept.
type Fingerprint = [u64; 2];

/// Below this a pool is not swept: 4096 entries of 40 bytes are nothing.
const SWEEP_MIN: usize = 4096;

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self {
            values: HashMap::new(),
            sweep_at: SWEEP_MIN,
            hashers: [RandomState::new(), RandomState::new()],
        }
    }
}

impl<T> Pool<T> {
    /// The value made of these pairs.
    fn get<'a>(
        &mut self,
        of: impl Iterator<Item = (&'a str, &'a str)>,
        make: impl FnOnce() -> Option<T>,
    ) -> Option<Arc<T>> {
        let pairs: Vec<_> = of.collect();
        let fingerprint = self.hashers.each_ref().map(|hasher| hasher.hash_one(&pairs));
        if let Some(value) = self.values.get(&fingerprint).and_then(Weak::upgrade) {
            return Some(value);
        }
        self.sweep();
        let value = Arc::new(make()?);
        self.values.insert(fingerprint, Arc::downgrade(&value));
        Some(value)
    }

    /// Takes out what nobody has, whenever the pool has doubled: constant work for each value.
    fn sweep(&mut self) {
        if self.values.len() < self.sweep_at {
            return;
        }
        self.values.retain(|_, value| value.strong_count() > 0);
        self.sweep_at = SWEEP_MIN.max(2 * self.values.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    const ON: &str = "vertical: {optimization: on}";

    #[test]
    fn objects_with_the_same_labels_share_them() {
        let intern = Intern::default();
        let labels = |pairs: &[(&str, &str)]| intern.labels(Some(&map(pairs)));
        let web = labels(&[("app", "web")]);
        assert!(Arc::ptr_eq(&web, &labels(&[("app", "web")])));
        assert_eq!(*labels(&[("app", "api")]), map(&[("app", "api")]));
        assert!(intern.labels(None).is_empty());
    }

    #[test]
    fn objects_with_the_same_annotations_share_what_was_read() {
        let intern = Intern::default();
        let read = |pairs: &[(&str, &str)]| intern.document(Some(&map(pairs)));
        let key = "workloads.cast.ai/configuration";
        let first = read(&[(key, ON)]).unwrap();
        let again = read(&[(key, ON), ("deployment.kubernetes.io/revision", "7")]).unwrap();
        assert!(Arc::ptr_eq(&first.parsed, &again.parsed) && !first.is_older);
        assert!(!Arc::ptr_eq(&first.parsed, &read(&[(key, "vertical: {}")]).unwrap().parsed));
        assert!(read(&[("workloads.cast.ai/cpu-target", "p90")]).unwrap().is_older);
        assert!(read(&[("deployment.kubernetes.io/revision", "7")]).is_none());
        assert!(intern.document(None).is_none());
    }

    #[test]
    fn what_nobody_has_is_forgotten() {
        let mut pool = Pool::<usize>::default();
        for n in 0..10 * SWEEP_MIN {
            pool.get([("n", n.to_string().as_str())].into_iter(), || Some(n));
        }
        assert!(pool.values.len() <= SWEEP_MIN, "{}", pool.values.len());
    }
}
