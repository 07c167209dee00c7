//! Consistent-hash nodes.
pub mod placement;
