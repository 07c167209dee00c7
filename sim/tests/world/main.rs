//! The world against a small protocol of its own: one program, so that it is built for that protocol once.

mod abstraction;
mod clients;
mod common;
mod faults;
mod fork;
mod membership;
mod swarm;
mod triggers;
