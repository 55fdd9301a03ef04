//! Carries out the steps of a plan: one object each, read anew before it is changed, so that what a
//! person did meanwhile is never undone.

use kube::api::{DeleteParams, DynamicObject, PostParams, Preconditions};
use kube::{Api, Client};
use plimsoll_api::thoras::{TEMPLATE_ANNOTATION, Template, target_from_template};
use plimsoll_domain::WorkloadId;
use serde_json::Value;

use crate::call::call;
use crate::row::object::MADE_FROM_ANNOTATION;
use crate::table::Key;
use crate::told::Told;
use crate::{ClusterError, Lead};

/// On a target that was taken over: the spec that a person gave it, as JSON.
pub(crate) const ORIGINAL_ANNOTATION: &str = "plimsoll.dev/original-spec";

/// All annotations of an object may have 256 KiB together; a target of 50 containers has about 10 KiB.
const ORIGINAL_BYTES_MAX: usize = 128 * 1024;

/// A step with all that it takes to carry it out.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// A new target.
    Create {
        /// Where it goes.
        key: Key,
        /// All of it.
        target: Box<DynamicObject>,
    },
    /// A target gets the spec of a template.
    Update {
        /// The target.
        key: Key,
        /// Its uid.
        uid: Box<str>,
        /// As the template wants it.
        target: Box<DynamicObject>,
        /// The fingerprints of the spec it is given, and of the one it has.
        gives: (u64, u64),
    },
    /// A target is let go of.
    Release {
        /// The target.
        key: Key,
        /// Its uid.
        uid: Box<str>,
    },
}

impl Order {
    /// To make a target; none where what the template gives is no object.
    pub(crate) fn create(
        template: &Template,
        fingerprint: u64,
        workload: &WorkloadId,
    ) -> Option<Self> {
        let target = wanted(template, fingerprint, workload)?;
        Some(Self::Create { key: Key::new(&workload.namespace, &workload.name), target })
    }

    /// To give a target the spec of a template; `before` is the fingerprint of the one it has.
    pub(crate) fn update(
        template: &Template,
        fingerprint: u64,
        workload: &WorkloadId,
        (key, uid): (&Key, &str),
        before: u64,
    ) -> Option<Self> {
        let target = wanted(template, fingerprint, workload)?;
        let gives = (fingerprint, before);
        Some(Self::Update { key: key.clone(), uid: uid.into(), target, gives })
    }

    /// To let go of a target.
    pub(crate) fn release(key: &Key, uid: &str) -> Self {
        Self::Release { key: key.clone(), uid: uid.into() }
    }

    /// For a target that is changed, the fingerprints of the spec it is given and of the one it has.
    pub(crate) fn gives(&self) -> Option<(Key, (u64, u64))> {
        match self {
            Self::Update { key, gives, .. } => Some((key.clone(), *gives)),
            Self::Create { .. } | Self::Release { .. } => None,
        }
    }

    /// Does it. One that cannot be done any more, since somebody was faster, is no error: the watch
    /// shows what became of it.
    pub(crate) async fn carry_out(self, client: &Client, lead: &Lead) -> Result<(), ClusterError> {
        let (Self::Create { key, .. } | Self::Update { key, .. } | Self::Release { key, .. }) =
            &self;
        let targets = Targets { client, lead, key: key.clone() };
        match self {
            Self::Create { target, .. } => targets.create(&target).await,
            Self::Update { uid, target, .. } => targets.update(&uid, &target).await,
            Self::Release { uid, .. } => targets.release(&uid).await,
        }
    }
}

/// One target on the API server.
struct Targets<'a> {
    client: &'a Client,
    lead: &'a Lead,
    key: Key,
}

impl Targets<'_> {
    async fn create(&self, target: &DynamicObject) -> Result<(), ClusterError> {
        let (api, attempt) = self.api("create")?;
        let created = call(attempt, api.create(&PostParams::default(), target)).await;
        unless(409, created.map(drop))
    }

    async fn update(&self, uid: &str, target: &DynamicObject) -> Result<(), ClusterError> {
        let Some(before) = self.read(uid).await? else {
            return Ok(());
        };
        let Some(after) = given(&before, target) else {
            let (_, attempt) = self.api("take over")?;
            return Err(ClusterError::TooLarge { attempt, limit: ORIGINAL_BYTES_MAX });
        };
        self.replace(&before, &after).await
    }

    async fn release(&self, uid: &str) -> Result<(), ClusterError> {
        let Some(before) = self.read(uid).await? else {
            return Ok(());
        };
        if let Some(own) = restored(&before) {
            return self.replace(&before, &own).await;
        }
        let (api, attempt) = self.api("delete")?;
        let preconditions = Preconditions {
            uid: before.metadata.uid,
            resource_version: before.metadata.resource_version,
        };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        let deleted = call(attempt, api.delete(&self.key.name, &params)).await;
        unless(409, unless(404, deleted.map(drop)))
    }

    /// The object as it is now, if it is still the same one.
    async fn read(&self, uid: &str) -> Result<Option<DynamicObject>, ClusterError> {
        let (api, attempt) = self.api("read")?;
        let object = call(attempt, api.get_opt(&self.key.name)).await?;
        Ok(object.filter(|object| object.metadata.uid.as_deref() == Some(uid)))
    }

    /// Only over the version that was read.
    async fn replace(
        &self,
        before: &DynamicObject,
        after: &DynamicObject,
    ) -> Result<(), ClusterError> {
        if before == after {
            return Ok(());
        }
        let (api, attempt) = self.api("replace")?;
        let params = PostParams::default();
        let replaced = call(attempt, api.replace(&self.key.name, &params, after)).await;
        unless(409, replaced.map(drop))
    }

    /// The API, for one call; asked before every one whether this replica still leads.
    fn api(&self, verb: &str) -> Result<(Api<DynamicObject>, String), ClusterError> {
        let Key { namespace, name } = &self.key;
        let attempt = format!("{verb} the AIScaleTarget {namespace}/{name}");
        if !self.lead.holds() {
            return Err(ClusterError::LeadLost { attempt });
        }
        let resource = Told::ScaleTarget.resource();
        Ok((Api::namespaced_with(self.client.clone(), namespace, &resource), attempt))
    }
}

/// The same, where an answer with this code is no error.
fn unless(code: u16, result: Result<(), ClusterError>) -> Result<(), ClusterError> {
    match result {
        Err(error) if error.code() == Some(code) => Ok(()),
        other => other,
    }
}

/// The target as a template wants it for a workload.
fn wanted(
    template: &Template,
    fingerprint: u64,
    workload: &WorkloadId,
) -> Option<Box<DynamicObject>> {
    let target = target_from_template(template, workload);
    let mut target: DynamicObject = serde_json::from_value(target).ok()?;
    let annotations = target.metadata.annotations.get_or_insert_default();
    annotations.insert(MADE_FROM_ANNOTATION.to_owned(), format!("{fingerprint:016x}"));
    Some(Box::new(target))
}

/// An object with the spec and the marks that are wanted. A person's own spec is kept beside them;
/// none where it is too large for that.
fn given(object: &DynamicObject, wanted: &DynamicObject) -> Option<DynamicObject> {
    let mut changed = object.clone();
    let annotations = changed.metadata.annotations.get_or_insert_default();
    if !annotations.contains_key(TEMPLATE_ANNOTATION) {
        let original = spec(object).to_string();
        if original.len() > ORIGINAL_BYTES_MAX {
            return None;
        }
        annotations.insert(ORIGINAL_ANNOTATION.to_owned(), original);
    }
    annotations.extend(wanted.metadata.annotations.clone().unwrap_or_default());
    if !annotations.contains_key(ORIGINAL_ANNOTATION) {
        // Made here: it goes with whichever template it has its spec from now.
        changed.metadata.owner_references.clone_from(&wanted.metadata.owner_references);
    }
    set_spec(&mut changed, spec(wanted));
    Some(changed)
}

/// An object that was taken over with its own spec again, and without marks; none where it was made
/// from nothing.
fn restored(object: &DynamicObject) -> Option<DynamicObject> {
    let mut own = object.clone();
    let annotations = own.metadata.annotations.as_mut()?;
    let original = annotations.remove(ORIGINAL_ANNOTATION)?;
    annotations.remove(TEMPLATE_ANNOTATION);
    annotations.remove(MADE_FROM_ANNOTATION);
    // Someone who broke the annotation keeps the spec that is there.
    if let Ok(original) = serde_json::from_str(&original) {
        set_spec(&mut own, original);
    }
    Some(own)
}

fn spec(object: &DynamicObject) -> Value {
    object.data.get("spec").cloned().unwrap_or_default()
}

fn set_spec(object: &mut DynamicObject, spec: Value) {
    if let Some(data) = object.data.as_object_mut() {
        data.insert("spec".to_owned(), spec);
    }
}

#[cfg(test)]
mod tests;
