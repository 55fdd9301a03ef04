//! Watches into compact rows, and every write to the Kubernetes API.
