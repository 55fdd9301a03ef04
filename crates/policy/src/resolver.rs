//! Configurations for a whole cluster: nothing is done twice, and equal ones are one.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem;
use std::sync::Arc;

use plimsoll_domain::{Assigned, Configuration, Governor, Parsed, WorkloadId};

use crate::catalog::Catalog;
use crate::configure::{self, BuiltIn, Sources};
use crate::govern::{Governed, govern};
use crate::schedule;
use crate::touched::{Touched, touched};

/// Resolves the configurations of a cluster's workloads.
///
/// It remembers which policy each workload was assigned, and every configuration by the documents it
/// was made of. Documents are told apart by their [`Arc`], so that whoever holds them must keep them
/// from one call to the next. A changed policy is looked at again only for workloads that it can
/// touch. What is not asked for between two calls of [`Resolver::forget_unused`] is forgotten.
#[derive(Debug)]
pub struct Resolver {
    catalog: Arc<Catalog>,
    built_in: BuiltIn,
    /// Counts the catalogs.
    edition: u64,
    /// What the present edition changed.
    touched: Touched,
    /// The edition that last changed a policy's settings; absent: the first.
    said_in: BTreeMap<Arc<str>, u64>,
    assignments: Aged<WorkloadId, Assignment>,
    configurations: Aged<Ingredients, Made>,
    counts: Counts,
}

/// How much was done since the resolver was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How often all rules were asked about a workload.
    pub assigned: u64,
    /// How often the rules of changed policies were asked about a workload.
    pub reviewed: u64,
    /// How often a configuration was resolved.
    pub resolved: u64,
}

/// What a workload was assigned.
#[derive(Clone, Debug)]
struct Assignment {
    assigned: Assigned,
    /// Of everything it hangs on beside the catalog.
    fingerprint: u64,
    edition: u64,
}

/// What a configuration is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ingredients {
    governor: Governor,
    /// The address of the governor's document; [`Made`] keeps it from being given to another.
    document: Option<usize>,
    is_older_ignored: bool,
    overruled: Vec<Governor>,
    assigned: Option<Assigned>,
    /// The edition since which the policy says what it says.
    said_in: u64,
    is_custom: bool,
    /// Whether it is asked how the workload runs.
    is_schedule_open: bool,
}

#[derive(Debug)]
struct Made {
    configuration: Arc<Configuration>,
    _document: Option<Arc<Parsed>>,
}

impl Resolver {
    /// A resolver that remembers nothing yet.
    pub fn new(catalog: Arc<Catalog>, built_in: BuiltIn) -> Self {
        Self {
            catalog,
            built_in,
            edition: 0,
            touched: Touched::default(),
            said_in: BTreeMap::new(),
            assignments: Aged::default(),
            configurations: Aged::default(),
            counts: Counts::default(),
        }
    }

    /// The policies in use.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// How much was done so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Puts other policies in use.
    pub fn set_catalog(&mut self, catalog: Arc<Catalog>) {
        self.touched = touched(&self.catalog, &catalog);
        self.edition += 1;
        for name in &self.touched.settings {
            self.said_in.insert(Arc::clone(name), self.edition);
        }
        // A policy that is gone and comes back is touched by that, and so counted anew.
        self.said_in.retain(|name, _| catalog.get(name).is_some());
        self.catalog = catalog;
    }

    /// What [`crate::configure()`] says of a workload.
    pub fn resolve(&mut self, id: &WorkloadId, sources: &Sources<'_>) -> Arc<Configuration> {
        let governed = govern(sources);
        let assigned = configure::assignment(&governed)
            .map(|(named, annotated)| self.assign(id, sources, named, annotated));
        let ingredients = self.ingredients(sources, &governed, assigned);
        if let Some(made) = self.configurations.get(&ingredients) {
            return Arc::clone(&made.configuration);
        }
        self.counts.resolved += 1;
        let given = ingredients.assigned.clone().and_then(|assigned| {
            let policy = self.catalog.get(&assigned.name)?;
            Some((assigned, policy))
        });
        let document = governed.document.cloned();
        let configuration = configure::resolve(sources, governed, given, self.built_in);
        let configuration = Arc::new(configuration);
        let made = Made { configuration: Arc::clone(&configuration), _document: document };
        self.configurations.insert(ingredients, made);
        configuration
    }

    /// Forgets what was not asked for since the last time: to be called after each round over all
    /// workloads.
    pub fn forget_unused(&mut self) {
        self.assignments.forget_unused();
        self.configurations.forget_unused();
    }

    fn assign(
        &mut self,
        id: &WorkloadId,
        sources: &Sources<'_>,
        named: Option<&str>,
        annotated: bool,
    ) -> Assigned {
        let facts = &sources.facts;
        let fingerprint = fingerprint(sources, named, annotated);
        let edition = self.edition;
        let known = self.assignments.get_mut(id).filter(|one| one.fingerprint == fingerprint);
        if let Some(known) = known {
            if known.edition == edition {
                return known.assigned.clone();
            }
            if known.edition + 1 == edition {
                self.counts.reviewed += 1;
                if self.touched.spares(&known.assigned, facts, &self.catalog) {
                    known.edition = edition;
                    return known.assigned.clone();
                }
            }
        }
        self.counts.assigned += 1;
        let (assigned, _) = self.catalog.assign(facts, named, annotated);
        let assignment = Assignment { assigned: assigned.clone(), fingerprint, edition };
        self.assignments.insert(id.clone(), assignment);
        assigned
    }

    fn ingredients(
        &self,
        sources: &Sources<'_>,
        governed: &Governed<'_>,
        assigned: Option<Assigned>,
    ) -> Ingredients {
        let said_in = assigned.as_ref().and_then(|assigned| self.said_in.get(&assigned.name));
        Ingredients {
            governor: governed.governor.clone(),
            document: governed.document.map(|document| Arc::as_ptr(document).addr()),
            is_older_ignored: sources.annotation.is_some() && sources.older_annotations.is_some(),
            overruled: governed.overruled.clone(),
            said_in: said_in.copied().unwrap_or(0),
            assigned,
            is_custom: sources.is_custom,
            is_schedule_open: schedule::is_open(sources),
        }
    }
}

/// A number that differs, but for one case in 2^64, where anything differs that an assignment hangs
/// on. It is compared with that of the same workload only.
fn fingerprint(sources: &Sources<'_>, named: Option<&str>, annotated: bool) -> u64 {
    let facts = &sources.facts;
    let mut hasher = DefaultHasher::new();
    (facts.namespace, facts.namespace_labels).hash(&mut hasher);
    (facts.kind, facts.group, facts.version, facts.labels).hash(&mut hasher);
    (named, annotated).hash(&mut hasher);
    hasher.finish()
}

/// A map that forgets what was not used for a while.
#[derive(Debug)]
struct Aged<K, V> {
    used: BTreeMap<K, V>,
    unused: BTreeMap<K, V>,
}

/// How much is remembered where nobody calls [`Resolver::forget_unused`]: twice the 100,000
/// containers the program is made for, each in a workload of its own.
const ENTRIES_MAX: usize = 200_000;

impl<K, V> Default for Aged<K, V> {
    fn default() -> Self {
        Self { used: BTreeMap::new(), unused: BTreeMap::new() }
    }
}

impl<K: Ord, V> Aged<K, V> {
    fn get(&mut self, key: &K) -> Option<&V> {
        self.get_mut(key).map(|value| &*value)
    }

    fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if let Some((key, value)) = self.unused.remove_entry(key) {
            self.used.insert(key, value);
        }
        self.used.get_mut(key)
    }

    fn insert(&mut self, key: K, value: V) {
        if self.used.len() >= ENTRIES_MAX {
            self.forget_unused();
        }
        self.used.insert(key, value);
    }

    fn forget_unused(&mut self) {
        self.unused = mem::take(&mut self.used);
    }
}
