//! Names that people and programs write on objects.

/// A pod or namespace with this label set to `true` is left alone.
pub const IGNORE_LABEL: &str = "workload-autoscaler.cast.ai/ignore";
/// The annotation that configures a workload (Cast AI, version 2 of their form).
pub const CONFIGURATION_ANNOTATION: &str = "workloads.cast.ai/configuration";
/// What annotations of the older form begin with, one for each setting.
pub const ANNOTATION_PREFIX: &str = "workloads.cast.ai/";
/// Under this name the program owns fields of objects.
pub const FIELD_MANAGER: &str = "plimsoll";
/// On every object the program makes.
pub const MANAGED_BY_LABEL: (&str, &str) = ("app.kubernetes.io/managed-by", "plimsoll");
