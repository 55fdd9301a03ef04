//! Where a setting came from, and what it beat.

use std::sync::Arc;

/// Where a setting came from, weakest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Built in.
    Default,
    /// A flag of the program.
    Flag(&'static str),
    /// A policy that ships with the program, by name.
    SystemPolicy(Arc<str>),
    /// A ScalingPolicy object, by name.
    ScalingPolicy(Arc<str>),
    /// The settings a person put into the workload's ScaledWorkload.
    ScaledWorkload,
    /// A DaemonSetAutoscaler, by name; its namespace is the workload's.
    DaemonSetAutoscaler(Arc<str>),
    /// An AIScaleTarget, by name; its namespace is the workload's.
    AiScaleTarget(Arc<str>),
    /// Annotations of the older form, one for each setting.
    OlderAnnotations,
    /// The workload's annotation.
    Annotation,
    /// What the workload is leaves no choice, for example `custom workload`.
    Forced(&'static str),
}

impl Origin {
    /// Kind and name of the object it is, where it is an object beside the workload.
    pub fn object(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::ScalingPolicy(name) => Some(("ScalingPolicy", name)),
            Self::SystemPolicy(name) => Some(("policy", name)),
            Self::DaemonSetAutoscaler(name) => Some(("DaemonSetAutoscaler", name)),
            Self::AiScaleTarget(name) => Some(("AIScaleTarget", name)),
            Self::Default
            | Self::Flag(_)
            | Self::ScaledWorkload
            | Self::OlderAnnotations
            | Self::Annotation
            | Self::Forced(_) => None,
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
    /// What weaker sources said, strongest first; built-in defaults are not among them.
    pub beaten: Vec<Beaten<T>>,
}

/// A value that a stronger source overruled.
#[derive(Clone, Debug, PartialEq)]
pub struct Beaten<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// A value that nothing else contradicts.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin, beaten: Vec::new() }
    }

    /// A built-in default.
    pub fn default_value(value: T) -> Self {
        Self::new(value, Origin::Default)
    }

    /// The value and its origin with another value in its place, without what it beat.
    pub fn map<U>(&self, with: impl FnOnce(&T) -> U) -> Sourced<U> {
        Sourced::new(with(&self.value), self.origin.clone())
    }
}

impl<T: Clone> Sourced<T> {
    /// The strongest of what sources say, and the rest as beaten; `built_in` where none says
    /// anything. The order in which they come does not matter, as long as no two have one origin.
    pub fn resolve<'a>(
        said: impl IntoIterator<Item = (&'a Origin, Option<&'a T>)>,
        built_in: T,
    ) -> Self
    where
        T: 'a,
    {
        let said = said.into_iter().filter_map(|(origin, value)| Some((origin, value?)));
        let mut said: Vec<_> = said.collect();
        said.sort_by(|(one, _), (other, _)| other.cmp(one));
        let mut said = said.into_iter().map(|(origin, value)| (origin.clone(), value.clone()));
        let Some((origin, value)) = said.next() else {
            return Self::default_value(built_in);
        };
        let beaten = said.filter(|(origin, _)| *origin != Origin::Default);
        Self {
            value,
            origin,
            beaten: beaten.map(|(origin, value)| Beaten { value, origin }).collect(),
        }
    }
}
