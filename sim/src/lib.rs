//! The world of Shaketable: a cluster, its network, disks and clocks, in one thread, from one seed.
//!
//! A run is a pure function of a plan, a protocol and a seed. This crate knows no protocol, no file, no terminal
//! and no thread. Its modules, in the order in which they are best read:

pub mod id;
pub mod rng;
pub mod time;

pub mod history;
pub mod node;
pub mod spec;
pub mod swarm;

pub mod faults;
pub mod param;
pub mod plan;
pub mod script;
pub mod workload;

pub mod check;
mod clock;
mod disk;
mod network;
mod queue;
mod timers;

pub mod digest;
pub mod run;
pub mod trace;
pub mod world;

pub mod explore;
