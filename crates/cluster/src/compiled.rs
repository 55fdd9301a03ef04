//! The policies of the cluster, compiled once for everyone who asks.

use std::sync::Arc;

use parking_lot::Mutex;
use plimsoll_policy::Catalog;

/// The catalog of the version of the table that it was made of.
#[derive(Debug, Default)]
pub(crate) struct Compiled(Mutex<Option<(u64, Arc<Catalog>)>>);

impl Compiled {
    /// The catalog of this version, made where it is not there yet. Whoever asks meanwhile waits: two
    /// would compile the same rules.
    pub(crate) fn of(&self, version: u64, make: impl FnOnce() -> Catalog) -> Arc<Catalog> {
        let mut known = self.0.lock();
        match &*known {
            Some((of, catalog)) if *of == version => Arc::clone(catalog),
            _ => {
                let catalog = Arc::new(make());
                *known = Some((version, Arc::clone(&catalog)));
                catalog
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_compiled_once() {
        let compiled = Compiled::default();
        let first = compiled.of(1, Catalog::default);
        assert!(Arc::ptr_eq(&first, &compiled.of(1, || unreachable!("it is there"))));
        assert!(!Arc::ptr_eq(&first, &compiled.of(2, Catalog::default)));
    }
}
