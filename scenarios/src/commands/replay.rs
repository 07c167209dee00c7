//! `shaketable replay`: one seed again, and for a saved case, how it compares with what was recorded.

use std::io;
use std::path::Path;

use serde_json::Value;
use shaketable_reports::{Exit, Left, Past, Replayed, Side, Style, replayed};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Checkpoint, Run, Verdict};
use shaketable_sim::spec::any::Any;

use super::trace::TraceFile;
use crate::active::faults_at;
use crate::attempt::{Attempt, Subject};
use crate::cli::{self, Look};
use crate::files::read;
use crate::scenario::{Recorded, Scenario};
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, stdout_style, tell};

/// Replays what `args` name, and prints what came of it.
///
/// # Errors
/// If the report cannot be printed.
pub(super) fn replay(args: &cli::Replay, look: &Look, tables: &Tables) -> io::Result<Exit> {
    let scenario = match read(&args.path, tables, stderr_style(look.color) == Style::Color) {
        Ok(scenario) => scenario,
        Err(why) => return Ok(wrong(&why)),
    };
    let recorded_seed = scenario.recorded.as_ref().map(|recorded| recorded.seed);
    let Some(seed) = args.seed.or(recorded_seed) else {
        let path = scenario.path.display();
        return Ok(wrong(&format!("error: {path} is no saved case: say which seed with `--seed N`\n")));
    };
    let subject = Subject { scenario: &scenario, side: Side::Own };
    let result = compare(subject, Seed(seed));
    let to_stdout = args.trace.as_deref() == Some(Path::new("-"));
    if let Some(path) = &args.trace {
        let traced = TraceFile::create(path).and_then(|file| file.record(subject, Seed(seed)));
        if let Err(error) = traced {
            return Ok(wrong(&format!("error: cannot write {}: {error}\n", path.display())));
        }
    }
    if to_stdout {
        tell(&replayed(&result, stderr_style(look.color)));
    } else {
        print(&replayed(&result, stdout_style(look.color)))?;
    }
    Ok(result.exit())
}

fn wrong(why: &str) -> Exit {
    tell(why);
    Exit::Usage
}

/// Runs a seed twice, and compares it with what was recorded of that seed.
fn compare(subject: Subject<'_>, seed: Seed) -> Replayed {
    let scenario = subject.scenario;
    let Attempt { run, steady } = subject.twice(seed);
    let recorded = scenario.recorded.as_ref().filter(|recorded| Seed(recorded.seed) == seed);
    let past = recorded.map(|recorded| past(subject, recorded, &run));
    Replayed {
        scenario: scenario.path.display().to_string(),
        protocol: subject.protocol(),
        seed: seed.0,
        digest: run.digest,
        events: run.coverage.events,
        end: run.end,
        faults: active_faults(scenario, &run),
        verdict: run.verdict,
        recorded: past,
        wavering: (!steady).then(|| subject.split(seed)),
    }
}

fn active_faults(scenario: &Scenario, run: &Run<Any>) -> Vec<String> {
    match &run.verdict {
        Verdict::Violation(violation) => faults_at(violation.at, &run.applied, &scenario.plan),
        _ => Vec::new(),
    }
}

fn past(subject: Subject<'_>, recorded: &Recorded, run: &Run<Any>) -> Past {
    let differs = recorded.digest != run.digest;
    Past {
        signature: recorded.signature.clone(),
        digest: recorded.digest,
        other_version: (recorded.version != env!("CARGO_PKG_VERSION")).then(|| recorded.version.clone()),
        left: differs.then(|| {
            let (after, before) = bracket(&recorded.checkpoints, &run.checkpoints);
            let event = first_event_after(subject, run.seed, after.map_or(0, |checkpoint| checkpoint.event));
            Left { after, before, event }
        }),
    }
}

/// The last place where both digests are known and the same, and the first where they differ. Long runs keep
/// fewer places, so only those that both have tell anything.
fn bracket(recorded: &[Checkpoint], replayed: &[Checkpoint]) -> (Option<Checkpoint>, Option<Checkpoint>) {
    let mut after = None;
    for old in recorded {
        match replayed.iter().find(|new| new.event == old.event) {
            Some(new) if new == old => after = Some(*old),
            Some(_) => return (after, Some(*old)),
            None => {}
        }
    }
    (after, None)
}

fn first_event_after(subject: Subject<'_>, seed: Seed, event: u64) -> Option<String> {
    let mut found = None;
    let mut look = |line: Value| {
        let later = line.get("id").and_then(Value::as_u64).is_some_and(|id| id > event);
        if found.is_none() && later {
            found = Some(line.to_string());
        }
    };
    subject.run(seed, Some(&mut look));
    found
}

#[cfg(test)]
mod tests {
    use shaketable_reports::{Judgement, Split};
    use shaketable_sim::time::Instant;

    use super::*;
    use crate::fakes::scenario;

    fn checkpoint(event: u64, digest: u64) -> Checkpoint {
        Checkpoint { event, at: Instant::nanos(event), digest }
    }

    #[test]
    fn the_first_difference_lies_between_two_checkpoints_that_both_runs_have() {
        let old = [checkpoint(10, 1), checkpoint(20, 2), checkpoint(30, 3)];
        let at = |(after, before): (Option<Checkpoint>, Option<Checkpoint>)| {
            (after.map(|place| place.event), before.map(|place| place.event))
        };
        assert_eq!(at(bracket(&old, &old)), (Some(30), None));
        assert_eq!(at(bracket(&old, &[checkpoint(10, 1), checkpoint(20, 9), checkpoint(30, 9)])), (Some(10), Some(20)));
        assert_eq!(at(bracket(&old, &[checkpoint(10, 9)])), (None, Some(10)));
        // A run of twice the length has kept every other place.
        assert_eq!(at(bracket(&old, &[checkpoint(20, 2), checkpoint(40, 4)])), (Some(20), None));
        assert_eq!(at(bracket(&old, &[])), (None, None));
    }

    /// A case of this seed, recorded as this signature; if `same`, with the digest that it has.
    fn case(what: &str, signature: &str, same: bool) -> Replayed {
        let mut scenario = scenario("fake", &format!("[fake]\nright = \"3:{what}\"\n"));
        let run = Subject { scenario: &scenario, side: Side::Own }.run(Seed(3), None);
        scenario.recorded = Some(Recorded {
            seed: 3,
            digest: if same { run.digest } else { !run.digest },
            version: "0.0.0".to_owned(),
            signature: signature.to_owned(),
            shrunk_from: None,
            checkpoints: vec![checkpoint(4, 4), checkpoint(run.coverage.events, 9)],
        });
        compare(Subject { scenario: &scenario, side: Side::Own }, Seed(3))
    }

    #[test]
    fn a_case_is_judged_by_its_verdict_and_its_digest() {
        let judged = |what, signature, same| {
            let replay = case(what, signature, same);
            (replay.judgement(), replay.exit())
        };
        assert_eq!(judged("safety", "invariant/safety", true), (Judgement::StillFails, Exit::Violation));
        assert_eq!(judged("safety", "invariant/safety", false), (Judgement::Diverged, Exit::Nondeterministic));
        assert_eq!(judged("order", "invariant/safety", false), (Judgement::FailsDifferently, Exit::Violation));
        assert_eq!(judged("pass", "invariant/safety", false), (Judgement::Fixed, Exit::Pass));
        assert_eq!(judged("inconclusive", "invariant/safety", false), (Judgement::Undecided, Exit::Inconclusive));
    }

    #[test]
    fn a_case_that_took_another_way_shows_the_first_event_that_may_differ() {
        let past = case("safety", "invariant/safety", false).recorded.unwrap();
        assert_eq!(past.other_version.as_deref(), Some("0.0.0"));
        let left = past.left.unwrap();
        // The run has no checkpoint at 4 to compare with, and another digest at its end.
        assert_eq!((left.after, left.before.map(|place| place.digest)), (None, Some(9)));
        assert!(left.event.unwrap().contains("\"id\":1,"));
        assert_eq!(case("safety", "invariant/safety", true).recorded.unwrap().left, None);
    }

    #[test]
    fn a_seed_is_run_twice_even_if_it_passes() {
        let scenario = scenario("fake", "[fake]\nright = \"3:waver\"\n");
        let replay = compare(Subject { scenario: &scenario, side: Side::Own }, Seed(3));
        assert_eq!((replay.judgement(), replay.exit()), (Judgement::Nondeterministic, Exit::Nondeterministic));
        assert!(matches!(replay.wavering, Some(Split::Event { event: 11, .. })), "{:?}", replay.wavering);
    }
}
