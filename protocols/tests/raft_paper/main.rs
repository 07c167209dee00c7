//! The paper, sentence by sentence: each test is named as one, and its doc says where that stands.
//!
//! §, Figure: Ongaro & Ousterhout, 2014 (extended version). Thesis: Ongaro, 2014.

mod clients;
mod elections;
mod persistence;
mod replication;
mod server;
