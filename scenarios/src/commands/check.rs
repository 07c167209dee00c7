//! `shaketable check`: whether histories from elsewhere are right.

use std::io;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use shaketable_reports::{Checked, Exit, checked, checked_all, checked_json, wrong};
use shaketable_sim::check::linearizable::Budget;

use crate::cli::{self, Format, Look};
use crate::files;
use crate::histories::judge::Asked;
use crate::histories::{How, check_file};
use crate::interrupt;
use crate::terminal::{columns, print, stderr_style, stdout_style, tell};

/// How often it is looked whether somebody wants to stop.
const PATIENCE: Duration = Duration::from_millis(50);

/// Checks the histories that `args` name, and prints what was found in each as soon as it is known.
///
/// # Errors
/// If the report cannot be printed.
pub(super) fn check(args: &cli::Check, look: &Look) -> io::Result<Exit> {
    if !args.report.can_be_written() {
        return Ok(Exit::Usage);
    }
    let (paths, wrong_paths) = files::histories(&args.paths);
    tell(&wrong_paths);
    let of = paths.len();
    let how = How {
        format: args.input,
        model: args.model,
        keyed: args.keyed,
        asked: Asked {
            budget: Budget { states: args.budget_states, bytes: args.budget_bytes },
            level: args.level,
            assume: args.assumptions(),
        },
    };
    let stop = interrupt::heed_saying("stopping");
    let (sender, results) = channel();
    // A check cannot be told to stop, so it is left alone when somebody wants that: it ends with the process.
    let worker = thread::spawn(move || {
        for path in &paths {
            if sender.send(check_file(path, how)).is_err() {
                return;
            }
        }
    });
    let mut all = Vec::new();
    while let Some(one) = next(&results, stop) {
        tell(&wrong(&one, stderr_style(look.color)));
        if args.format == Format::Human {
            print(&checked(&one, columns(args.width), stdout_style(look.color)))?;
        }
        all.push(one);
    }
    let interrupted = stop.load(Ordering::Relaxed) && all.len() < of;
    if !interrupted && let Err(broken) = worker.join() {
        panic::resume_unwind(broken);
    }
    let written = args.report.write(|| Checked::document(&all));
    print(&match args.format {
        Format::Human => checked_all(&all),
        Format::Json => format!("{:#}\n", checked_json(&all, interrupted)),
    })?;
    if interrupted {
        tell(&format!("interrupted: {} of {of} histories were checked\n", all.len()));
        return Ok(Exit::Interrupted);
    }
    let exit = all.iter().map(Checked::exit).fold(Exit::Pass, Exit::or);
    Ok(if written && wrong_paths.is_empty() { exit } else { exit.or(Exit::Usage) })
}

/// The next result; nothing after the last, or when somebody wants to stop.
fn next(results: &Receiver<Checked>, stop: &AtomicBool) -> Option<Checked> {
    loop {
        match results.recv_timeout(PATIENCE) {
            Ok(one) => return Some(one),
            Err(RecvTimeoutError::Timeout) if !stop.load(Ordering::Relaxed) => {}
            Err(_) => return None,
        }
    }
}
