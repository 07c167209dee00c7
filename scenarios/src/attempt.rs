//! One run of a scenario, and whether it comes out the same again.

use serde_json::Value;
use shaketable_protocols::Bug;
use shaketable_reports::{Side, Split};
use shaketable_sim::digest::digest_of;
use shaketable_sim::plan::{Limits, Plan};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Checkpoint, Coverage, Run, Verdict, Violation};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::Instant;
use shaketable_sim::trace::Sink;
use shaketable_sim::world::Rest;

use crate::panics::{self, Panic};
use crate::scenario::Scenario;

/// The check that finds panics.
const PANIC: &str = "panic";

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

/// A run that may have been repeated. One that was not has neither history nor checkpoints.
pub(crate) struct Attempt {
    /// The run.
    pub(crate) run: Run<Any>,
    /// Whether it came out the same again, if it was repeated.
    pub(crate) steady: bool,
}

impl Subject<'_> {
    /// What runs, as a scenario file names it.
    pub(crate) fn protocol(self) -> String {
        let name = self.scenario.protocol.name;
        self.bug().map_or(name.to_owned(), |bug| format!("{name}/{}", bug.name))
    }

    fn bug(self) -> Option<&'static Bug> {
        match self.side {
            Side::Own => self.scenario.bug,
            Side::Right => None,
        }
    }

    /// Runs it once. A panic is a violation of which nothing else is known.
    pub(crate) fn run(self, seed: Seed, trace: Option<Sink<'_>>) -> Run<Any> {
        self.run_within(self.scenario.plan.limits, seed, trace)
    }

    fn run_within(self, limits: Limits, seed: Seed, trace: Option<Sink<'_>>) -> Run<Any> {
        let drawn = self.scenario.drawn(seed);
        let Scenario { protocol, config, plan, .. } = &*drawn;
        let limited = (limits != plan.limits).then(|| Plan { limits, ..plan.clone() });
        let plan = limited.as_ref().unwrap_or(plan);
        let run = panics::caught(|| (protocol.run)(plan, config, self.bug(), seed, trace));
        run.unwrap_or_else(|panic| broken(seed, &panic))
    }

    /// Runs it until so many events have happened, and hands that moment over, with what may come of it: a run for each seed from which chance is drawn from there on.
    pub(crate) fn fork(self, seed: Seed, events: u64, mut then: impl FnMut(Checkpoint, Rest<'_, Any>)) {
        let drawn = self.scenario.drawn(seed);
        let Scenario { protocol, config, plan, .. } = &*drawn;
        (protocol.fork)(plan, config, self.bug(), seed, events, &mut |moment, rest| {
            then(moment, &|other| {
                let run = panics::caught(|| rest(other));
                run.unwrap_or_else(|panic| broken(other.unwrap_or(seed), &panic))
            });
        });
    }

    /// Runs it, and if it violates something or if asked to, once more.
    pub(crate) fn attempt(self, seed: Seed, repeat: bool) -> Attempt {
        let run = self.run(seed, None);
        let failed = matches!(run.verdict, Verdict::Violation(_));
        if failed || repeat {
            self.again(run)
        } else {
            // What only failures need would fill the memory.
            Attempt {
                run: Run { history: Vec::new(), checkpoints: Vec::new(), messages: Vec::new(), ..run },
                steady: true,
            }
        }
    }

    /// Runs it twice.
    pub(crate) fn twice(self, seed: Seed) -> Attempt {
        self.again(self.run(seed, None))
    }

    fn again(self, mut run: Run<Any>) -> Attempt {
        let again = if is_panic(&run) { self.locate_panic(&mut run) } else { self.run(run.seed, None) };
        // Where a panic is known to have happened is no part of its verdict.
        let steady = again.digest == run.digest && (is_panic(&run) || again.verdict == run.verdict);
        Attempt { run, steady }
    }

    /// Repeats a run that panicked with a trace, to see when it did; and then stops just before, to see all that had happened.
    fn locate_panic(self, run: &mut Run<Any>) -> Run<Any> {
        let mut last = None;
        let again = self.run(run.seed, Some(&mut |line: Value| last = Some(line)));
        let Some(line) = last.filter(|_| is_panic(&again)) else { return again };
        let events = line.get("id").and_then(Value::as_u64).unwrap_or(1);
        let limits = Limits { events, ..self.scenario.plan.limits };
        let before = self.run_within(limits, run.seed, None);
        if let (Verdict::Violation(violation), false) = (&mut run.verdict, is_panic(&before)) {
            violation.at = before.end;
            violation.story.push(format!("The last event that was over before: {line}"));
            *run = Run { verdict: run.verdict.clone(), digest: run.digest, ..before };
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

/// Whether a run violates what this signature says.
pub(crate) fn fails_by(run: &Run<Any>, signature: &str) -> bool {
    matches!(&run.verdict, Verdict::Violation(violation) if violation.signature() == signature)
}

fn is_panic(run: &Run<Any>) -> bool {
    matches!(&run.verdict, Verdict::Violation(violation) if violation.check == PANIC)
}

/// A run that ended in a panic. All that is known is the panic.
fn broken(seed: Seed, panic: &Panic) -> Run<Any> {
    let place = panic.place.as_deref().unwrap_or("an unknown place");
    let mut story = vec![format!("The code panicked at {place}:")];
    story.extend(panic.message.lines().map(|line| format!("  {line}")));
    let violation = Violation::new(PANIC, panic.name(), Instant::ZERO, story);
    Run {
        seed,
        verdict: Verdict::Violation(violation),
        digest: digest_of(panic),
        checkpoints: Vec::new(),
        end: Instant::ZERO,
        applied: Vec::new(),
        messages: Vec::new(),
        states: Vec::new(),
        coverage: Coverage::default(),
        history: Vec::new(),
    }
}
