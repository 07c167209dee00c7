//! The command line.

// Until the commands land, most of this is reached by tests alone.
#![allow(dead_code)]

mod load;
mod scenario;
mod tables;
#[cfg(test)]
mod testing;

fn main() {}
