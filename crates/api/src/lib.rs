//! Custom resources and annotations, parsed into domain policies.
