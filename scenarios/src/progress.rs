//! How far a sweep is, on stderr. Here alone is a wall clock, and it decides nothing but what this says.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use shaketable_reports::{counted, grouped};

use crate::cli::Show;
use crate::sweep::Done;
use crate::terminal::tell;

/// How long between two lines of the counter.
const PAUSE: Duration = Duration::from_secs(10);

/// Shows how far a sweep is.
pub(crate) enum Progress {
    /// Not at all.
    None,
    /// As a bar.
    Bar(ProgressBar),
    /// As a line now and then.
    Counter {
        /// When the sweep began.
        began: Instant,
        /// When the last line was written.
        told: Instant,
    },
}

impl Progress {
    /// As asked for.
    pub(crate) fn new(show: Show, quiet: bool) -> Progress {
        match show {
            _ if quiet => Progress::None,
            Show::None => Progress::None,
            Show::Bar => Progress::bar(),
            Show::Auto if io::stderr().is_terminal() => Progress::bar(),
            Show::Auto | Show::Counter => {
                let now = Instant::now();
                Progress::Counter { began: now, told: now }
            }
        }
    }

    /// For work whose end nobody knows: what it says for itself, now and then.
    pub(crate) fn lines(show: Show, quiet: bool) -> Progress {
        let progress = Progress::new(show, quiet);
        if let Progress::Bar(bar) = &progress {
            bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the template is well formed"));
        }
        progress
    }

    fn bar() -> Progress {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(8));
        let template = "{bar:30} {human_pos} of {human_len} seeds, {msg}, {eta} left";
        Progress::Bar(bar.with_style(ProgressStyle::with_template(template).expect("the template is well formed")))
    }

    /// One more seed is done.
    pub(crate) fn update(&mut self, done: Done) {
        match self {
            Progress::None => {}
            Progress::Bar(bar) => {
                bar.set_length(done.seeds.saturating_add(done.left));
                bar.set_position(done.seeds);
                bar.set_message(speed(done, bar.elapsed()));
            }
            Progress::Counter { began, told } => {
                if told.elapsed() >= PAUSE {
                    *told = Instant::now();
                    tell(&line(done, began.elapsed()));
                }
            }
        }
    }

    /// This is how far it is, after so long.
    pub(crate) fn say(&mut self, line: impl FnOnce(Duration) -> String) {
        match self {
            Progress::None => {}
            Progress::Bar(bar) => {
                bar.tick();
                bar.set_message(line(bar.elapsed()));
            }
            Progress::Counter { began, told } => {
                if told.elapsed() >= PAUSE {
                    *told = Instant::now();
                    tell(&format!("{}\n", line(began.elapsed())));
                }
            }
        }
    }

    /// Nothing more will come.
    pub(crate) fn finish(self) {
        if let Progress::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn line(done: Done, elapsed: Duration) -> String {
    let all = done.seeds.saturating_add(done.left);
    format!("{} of {} seeds, {}\n", grouped(done.seeds), grouped(all), speed(done, elapsed))
}

/// How fast it goes, and if something fails already, that it does.
fn speed(done: Done, elapsed: Duration) -> String {
    let rate = u128::from(done.seeds) * 1_000 / elapsed.as_millis().max(1);
    let rate = format!("{} a second", grouped(u64::try_from(rate).unwrap_or(u64::MAX)));
    match done.failing {
        0 => rate,
        more => format!("{rate}, {} failing", counted(more as u64, "scenario")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_says_how_far_how_fast_and_what_fails() {
        let done = Done { seeds: 1_200, left: 800, failing: 0 };
        assert_eq!(line(done, Duration::from_secs(10)), "1,200 of 2,000 seeds, 120 a second\n");
        let failing = Done { failing: 2, ..done };
        assert_eq!(line(failing, Duration::ZERO), "1,200 of 2,000 seeds, 1,200,000 a second, 2 scenarios failing\n");
    }
}
