//! What is checked: the protocol's invariants in every state, the clients' history at the end, and progress after the heal.

pub mod consistency;
pub mod invariant;
pub mod linearizable;
pub mod transactions;
