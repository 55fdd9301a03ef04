//! The webhook that gives new pods their published values.
