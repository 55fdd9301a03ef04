//! Scenes on one cluster, each in namespaces of its own.

pub(crate) mod worked_example;
