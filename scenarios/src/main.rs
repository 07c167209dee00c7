//! The command line.

// Until the commands land, most of this is reached by tests alone.
#![allow(dead_code, unused_imports)]
// Here, and only here, is the world outside.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

mod case;
mod describe;
mod load;
mod scenario;
mod schema;
mod tables;
#[cfg(test)]
mod testing;

fn main() {}
