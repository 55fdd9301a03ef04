//! Everything people wrote about a workload, resolved into one configuration.
//!
//! One file per verb: [`Catalog::assign`] says which ScalingPolicy a workload gets, `govern` who
//! governs it, [`configure()`] what holds for it, with the origin of every value. [`Resolver`] does
//! that for a whole cluster and does nothing twice. Pure and total: whatever is written, there is an
//! answer, and the order in which documents arrive never matters. The overview is
//! `ARCHITECTURE.md`.

mod assign;
mod catalog;
mod configure;
mod document;
mod govern;
mod price;
mod resolver;
mod rollout;
mod rule;
mod schedule;
mod selector;
mod settle;
mod system;
mod touched;

pub use assign::Facts;
pub use catalog::{Catalog, CatalogPolicy, Layer, ScalingPolicy};
pub use configure::{BuiltIn, Sources, configure};
pub use document::SharedDocuments;
pub use govern::{Matched, TargetObject};
pub use resolver::{Counts, Resolver};
pub use rule::{LabelExpression, NamespaceRule, Operator, Rule, WorkloadRule};
pub use system::SystemPolicy;
pub use touched::{Touched, touched};
