//! A ClusterAIScaleTemplate as a row.

use std::sync::Arc;

use kube::core::DynamicObject;
use plimsoll_api::thoras::{self, Template};

use super::target::value;

/// A ClusterAIScaleTemplate.
#[derive(Clone, Debug)]
pub(crate) struct TemplateRow {
    /// What it says.
    pub template: Arc<Template>,
}

impl TemplateRow {
    /// The row of an object.
    pub(crate) fn of(object: &DynamicObject) -> Self {
        Self { template: Arc::new(thoras::read_template(&value(object))) }
    }
}
