//! Parses configurations when an object changes, not at every tick, and shares the one that most
//! objects have: none of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_api::{ANNOTATION_PREFIX, Defaults, parse_configuration};
use plimsoll_domain::Configuration;

/// A parsed configuration, shared by all rows that have the same.
pub(crate) type Configured = Arc<Configuration>;

/// Parses configurations.
#[derive(Clone, Debug)]
pub(crate) struct Configure {
    defaults: Defaults,
    without_any: Configured,
}

impl Configure {
    pub(crate) fn new(defaults: Defaults) -> Self {
        let without_any = Arc::new(parse_configuration(&BTreeMap::new(), &defaults));
        Self { defaults, without_any }
    }

    /// The configuration of an object with these annotations.
    pub(crate) fn of(&self, annotations: Option<&BTreeMap<String, String>>) -> Configured {
        self.own(annotations).unwrap_or_else(|| self.without_any())
    }

    /// The same, if the annotations configure anything.
    pub(crate) fn own(&self, annotations: Option<&BTreeMap<String, String>>) -> Option<Configured> {
        let annotations = annotations?;
        let configures = annotations.keys().any(|key| key.starts_with(ANNOTATION_PREFIX));
        configures.then(|| Arc::new(parse_configuration(annotations, &self.defaults)))
    }

    /// The configuration of an object that says nothing.
    pub(crate) fn without_any(&self) -> Configured {
        Arc::clone(&self.without_any)
    }
}

#[cfg(test)]
impl Configure {
    pub(crate) fn test() -> Self {
        Self::new(Defaults::default())
    }
}
