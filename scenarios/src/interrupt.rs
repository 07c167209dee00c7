//! The first interrupt asks to stop; the second does not ask.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use shaketable_reports::Exit;

use crate::terminal::tell;

/// Set by the first interrupt.
static STOP: AtomicBool = AtomicBool::new(false);

/// Heeds interrupts (SIGINT, SIGTERM, SIGHUP) from now on. The flag is set when somebody wants the work to stop.
pub(crate) fn heed() -> &'static AtomicBool {
    heed_saying("stopping after the runs that have begun; once more to stop at once")
}

/// The same, with other words for what an interrupt does.
pub(crate) fn heed_saying(answer: &'static str) -> &'static AtomicBool {
    let heeded = ctrlc::set_handler(move || {
        if STOP.swap(true, Ordering::Relaxed) {
            process::exit(i32::from(Exit::Interrupted.code()));
        }
        tell(&format!("\n{answer}\n"));
    });
    if let Err(error) = heeded {
        tell(&format!("warning: an interrupt will lose what is done: {error}\n"));
    }
    &STOP
}
