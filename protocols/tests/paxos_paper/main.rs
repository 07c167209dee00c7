//! "Paxos Made Simple", sentence by sentence: each test is named as one, and its doc says where that stands.
//!
//! §: Lamport, 2001. Flexible: Howard, Malkhi & Spiegelman, "Flexible Paxos", 2016. Live: Chandra, Griesemer & Redstone, "Paxos Made Live", 2007.

mod accepting;
mod learning;
mod leases;
mod node;
mod progress;
mod proposing;
mod reconfiguring;
mod state_machine;
mod storage;
mod truncation;
