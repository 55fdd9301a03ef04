//! What is kept of an object that people write settings in, beside the settings: for its status, and
//! for what templates make.

use kube::core::DynamicObject;
use plimsoll_api::thoras::TEMPLATE_ANNOTATION;
use serde_json::Value;

/// On a target that a template made or took over: the fingerprint of the spec it was given.
pub(crate) const MADE_FROM_ANNOTATION: &str = "plimsoll.dev/made-from";

/// An object that people write settings in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ObjectRow {
    /// Its uid.
    pub uid: Box<str>,
    /// Which generation of it this is.
    pub generation: Option<i64>,
    /// Its status as JSON: 1 to 3 KiB as text, and several times that as a tree.
    status: Option<Box<str>>,
    /// What it has from a template.
    pub made: Option<Box<MadeRow>>,
}

/// What a target has from a template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MadeRow {
    /// The template.
    pub template: Box<str>,
    /// The fingerprint of the spec it was given.
    pub from: Option<u64>,
    /// Its spec as it is.
    pub spec: Value,
}

impl ObjectRow {
    /// The row of an object.
    pub(crate) fn of(object: &DynamicObject) -> Self {
        let meta = &object.metadata;
        let annotation = |key: &str| meta.annotations.as_ref()?.get(key).map(String::as_str);
        let made = annotation(TEMPLATE_ANNOTATION).map(|template| {
            Box::new(MadeRow {
                template: template.into(),
                from: annotation(MADE_FROM_ANNOTATION)
                    .and_then(|text| u64::from_str_radix(text, 16).ok()),
                spec: object.data.get("spec").cloned().unwrap_or_default(),
            })
        });
        Self {
            uid: meta.uid.as_deref().unwrap_or_default().into(),
            generation: meta.generation,
            status: object.data.get("status").map(|status| status.to_string().into()),
            made,
        }
    }

    /// Its status; none while it has none.
    pub(crate) fn status(&self) -> Option<Value> {
        serde_json::from_str(self.status.as_deref()?).ok()
    }
}
