//! Objects as the compact rows they are kept as: what sizing needs of them, and nothing else.

pub(crate) mod autoscaler;
pub(crate) mod controller;
pub(crate) mod exclusion;
pub(crate) mod namespace;
pub(crate) mod object;
pub(crate) mod pod;
pub(crate) mod policy;
pub(crate) mod resize;
pub(crate) mod rollout;
pub(crate) mod scale_template;
pub(crate) mod scaled;
pub(crate) mod target;
pub(crate) mod template;
