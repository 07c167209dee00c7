//! The command line of Shaketable, and what it does with scenario files.

// Here, and only here, is the world outside.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

mod cli;
mod commands;

mod describe;
mod files;
mod load;
mod scenario;
mod schema;
mod tables;

mod active;
mod attempt;
mod blame;
mod case;
mod cases;
mod ci;
mod compare;
mod counts;
mod histories;
mod hunt;
mod lanes;
mod matching;
mod nearest;
mod panics;
mod record;
mod recorded;
mod regress;
mod report;
mod shards;
mod shrink;
mod strategy;
mod sweep;
mod tally;

mod hex;
mod interrupt;
mod progress;
mod terminal;
mod traces;
mod whole;

#[cfg(test)]
mod fakes;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod testing;

use std::panic;
use std::process::ExitCode;

use clap::Parser;
use shaketable_reports::Exit;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    // A panic of a run is caught long before; this one is our own, and has been printed with its place.
    let exit = panic::catch_unwind(|| commands::obey(&cli)).unwrap_or_else(|_| {
        terminal::tell("error: this is a mistake in shaketable itself\n");
        Exit::Internal
    });
    ExitCode::from(exit.code())
}
