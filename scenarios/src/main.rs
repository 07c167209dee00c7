//! The command line.

// Until the commands land, most of this is reached by tests alone.
#![allow(dead_code, unused_imports)]
// Here, and only here, is the world outside.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

mod active;
mod attempt;
mod case;
mod cases;
mod describe;
#[cfg(test)]
mod fakes;
mod lanes;
mod load;
mod panics;
mod scenario;
mod schema;
mod sweep;
mod tables;
mod tally;
#[cfg(test)]
mod testing;

fn main() {}
