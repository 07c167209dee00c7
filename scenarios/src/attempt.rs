//! One run of a scenario, and whether it comes out the same again.

use serde_json::Value;
use shaketable_reports::{Side, Split};
use shaketable_sim::digest::digest_of;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Coverage, Run, Verdict, Violation};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::Instant;
use shaketable_sim::trace::Sink;

use crate::panics::{self, Panic};
use crate::scenario::Scenario;

/// How many lines of a trace are kept to compare another with.
const LINES_MAX: usize = 500_000;

/// One side of a scenario: what is to run, but for the seed.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// The scenario.
    pub(crate) scenario: &'a Scenario,
    /// Its own protocol, or the same without the planted bug.
    pub(crate) side: Side,
}

/// A run that may have been repeated.
pub(crate) struct Attempt {
    /// The run. If it passed, without what only failures need: history, faults, checkpoints.
    pub(crate) run: Run<Any>,
    /// Whether it came out the same again, if it was repeated.
    pub(crate) steady: bool,
}

impl Subject<'_> {
    /// Runs it once. A panic is a violation; its time and its events are not known.
    pub(crate) fn run(self, seed: Seed, trace: Option<Sink<'_>>) -> Run<Any> {
        let Scenario { protocol, plan, config, .. } = self.scenario;
        let bug = match self.side {
            Side::Own => self.scenario.bug,
            Side::Right => None,
        };
        panics::caught(|| (protocol.run)(plan, config, bug, seed, trace)).unwrap_or_else(|panic| broken(seed, &panic))
    }

    /// Runs it, and if it violates something or if asked to, once more.
    pub(crate) fn attempt(self, seed: Seed, repeat: bool) -> Attempt {
        let mut run = self.run(seed, None);
        if let Verdict::Violation(Violation { check: "panic", .. }) = &run.verdict {
            let again = self.locate_panic(seed, &mut run);
            return Attempt { steady: run.digest == again.digest, run };
        }
        let failed = matches!(run.verdict, Verdict::Violation(_));
        let steady = !(failed || repeat) || {
            let again = self.run(seed, None);
            again.digest == run.digest && again.verdict == run.verdict
        };
        if !failed {
            run = Run { history: Vec::new(), applied: Vec::new(), checkpoints: Vec::new(), ..run };
        }
        Attempt { run, steady }
    }

    /// Repeats a run that panicked, and looks at its trace to see when it did.
    fn locate_panic(self, seed: Seed, run: &mut Run<Any>) -> Run<Any> {
        let mut last = None;
        let mut note = |line: Value| {
            if line.get("t").is_some() {
                last = Some(line);
            }
        };
        let again = self.run(seed, Some(&mut note));
        if let (Some(line), Verdict::Violation(violation)) = (last, &mut run.verdict) {
            let number = |name| line.get(name).and_then(Value::as_u64).unwrap_or_default();
            violation.at = Instant::nanos(number("t"));
            violation.story.push(format!("The last event that was over before it: {line}"));
            run.end = violation.at;
            run.coverage.events = number("id");
        }
        again
    }

    /// Where two runs from one seed part, by their traces.
    pub(crate) fn split(self, seed: Seed) -> Split {
        let mut first = Vec::new();
        let mut keep = |line: Value| {
            if first.len() < LINES_MAX {
                first.push(line.to_string());
            }
        };
        self.run(seed, Some(&mut keep));
        let (mut place, mut split) = (0, None);
        let mut compare = |line: Value| {
            if split.is_none() && place < LINES_MAX {
                let second = line.to_string();
                if first.get(place) != Some(&second) {
                    split = Some(parted(place, first.get(place).cloned(), Some(second)));
                }
            }
            place += 1;
        };
        self.run(seed, Some(&mut compare));
        if split.is_none() && place < first.len() {
            split = Some(parted(place, first.get(place).cloned(), None));
        }
        split.unwrap_or(Split::Hidden { lines: first.len() as u64 })
    }
}

fn parted(place: usize, first: Option<String>, second: Option<String>) -> Split {
    let number = |line: &String| serde_json::from_str::<Value>(line).ok()?.get("id")?.as_u64();
    let event = first.as_ref().or(second.as_ref()).and_then(number).unwrap_or(place as u64);
    Split::Event { event, first, second }
}

/// A run that ended in a panic. All that is known is the panic.
fn broken(seed: Seed, panic: &Panic) -> Run<Any> {
    let place = panic.place.as_deref().unwrap_or("an unknown place");
    let mut story = vec![format!("The code panicked at {place}:")];
    story.extend(panic.message.lines().map(|line| format!("  {line}")));
    let violation = Violation { check: "panic", property: panic.name(), at: Instant::ZERO, story };
    Run {
        seed,
        verdict: Verdict::Violation(violation),
        digest: digest_of(panic),
        checkpoints: Vec::new(),
        end: Instant::ZERO,
        applied: Vec::new(),
        coverage: Coverage::default(),
        history: Vec::new(),
    }
}
