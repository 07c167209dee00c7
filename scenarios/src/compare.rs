//! One seed again, and for a saved case, how it compares with what was recorded.

use serde_json::Value;
use shaketable_reports::{Expects, Left, Past, Replayed};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Checkpoint, Run, Verdict};
use shaketable_sim::spec::any::Any;

use crate::active::faults_of;
use crate::attempt::{Attempt, Subject};
use crate::matching::faithful;
use crate::recorded::Recorded;
use crate::scenario::{Expected, Scenario};

/// Runs a seed twice, and compares it with what was recorded of that seed. The run, too.
pub(crate) fn compare(subject: Subject<'_>, seed: Seed) -> (Replayed, Run<Any>) {
    let scenario = subject.scenario;
    let Attempt { run, steady } = subject.twice(seed);
    let recorded = scenario.recorded.as_ref().filter(|recorded| Seed(recorded.seed) == seed);
    let past = recorded.map(|recorded| past(subject, recorded, &run));
    let replayed = Replayed {
        scenario: scenario.path.display().to_string(),
        protocol: subject.protocol(),
        seed: seed.0,
        digest: run.digest,
        events: run.coverage.events,
        end: run.end,
        operations: Vec::new(),
        faults: active_faults(scenario, &run),
        verdict: run.verdict.clone(),
        recorded: past,
        wavering: (!steady).then(|| subject.split(seed)),
    };
    (replayed, run)
}

fn active_faults(scenario: &Scenario, run: &Run<Any>) -> Vec<String> {
    match &run.verdict {
        Verdict::Violation(violation) => faults_of(violation, run, &scenario.plan),
        _ => Vec::new(),
    }
}

fn past(subject: Subject<'_>, recorded: &Recorded, run: &Run<Any>) -> Past {
    let differs = recorded.digest != run.digest;
    Past {
        signature: recorded.signature.clone(),
        expects: match subject.scenario.expect.verdict {
            Expected::Pass => Expects::Pass,
            Expected::Violation { .. } => Expects::Violation,
        },
        digest: recorded.digest,
        other_version: (recorded.version != env!("CARGO_PKG_VERSION")).then(|| recorded.version.clone()),
        faithful: faithful(subject.scenario, recorded, run),
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
    use shaketable_reports::{Exit, Judgement, Side, Split};
    use shaketable_sim::time::Instant;

    use super::*;
    use crate::fakes::scenario;
    use crate::recorded::{Meaning, traffic};

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

    /// What is recorded of a case, and what is known by its meaning.
    #[derive(Clone, Copy)]
    enum Known {
        Exactly,
        ByMeaning,
        Nothing,
    }

    /// A case of this seed, recorded as this signature, and expecting a pass if `closed`.
    fn case(what: &str, signature: &str, known: Known, closed: bool) -> Replayed {
        let mut scenario = scenario("fake", &format!("[fake]\nright = \"3:{what}\"\n"));
        let run = Subject { scenario: &scenario, side: Side::Own }.run(Seed(3), None);
        if !closed {
            scenario.expect.verdict = Expected::Violation { signature: signature.to_owned(), within_seeds: 1 };
        }
        let meaning = Meaning { acted: Vec::new(), messages: traffic(&run) };
        scenario.recorded = Some(Recorded {
            seed: 3,
            digest: if matches!(known, Known::Exactly) { run.digest } else { !run.digest },
            version: "0.0.0".to_owned(),
            signature: signature.to_owned(),
            scenario: None,
            shrunk_from: None,
            meaning: (!matches!(known, Known::Nothing)).then_some(meaning),
            checkpoints: vec![checkpoint(4, 4), checkpoint(run.coverage.events, 9)],
        });
        compare(Subject { scenario: &scenario, side: Side::Own }, Seed(3)).0
    }

    #[test]
    fn a_case_is_judged_by_its_verdict_and_by_what_was_met_again() {
        let judged = |what, known, closed| {
            let replay = case(what, "invariant/safety", known, closed);
            (replay.judgement(), replay.exit())
        };
        let diverged = (Judgement::Diverged, Exit::Nondeterministic);
        for known in [Known::Exactly, Known::ByMeaning] {
            assert_eq!(judged("safety", known, false), (Judgement::StillFails, Exit::Violation));
            assert_eq!(judged("pass", known, false), (Judgement::Fixed, Exit::Pass));
            assert_eq!(judged("pass", known, true), (Judgement::Holds, Exit::Pass));
        }
        for what in ["safety", "pass"] {
            assert_eq!(judged(what, Known::Nothing, false), diverged, "{what}");
        }
        assert_eq!(judged("pass", Known::Nothing, true), diverged);
        for known in [Known::Exactly, Known::ByMeaning, Known::Nothing] {
            assert_eq!(judged("safety", known, true), (Judgement::FailsAgain, Exit::Violation));
            assert_eq!(judged("order", known, false), (Judgement::FailsDifferently, Exit::Violation));
            assert_eq!(judged("order", known, true), (Judgement::FailsDifferently, Exit::Violation));
            assert_eq!(judged("inconclusive", known, false), (Judgement::Undecided, Exit::Inconclusive));
        }
    }

    #[test]
    fn a_case_that_took_another_way_shows_the_first_event_that_may_differ() {
        let past = case("safety", "invariant/safety", Known::Nothing, false).recorded.unwrap();
        assert_eq!(past.other_version.as_deref(), Some("0.0.0"));
        let left = past.left.unwrap();
        // The run has no checkpoint at 4 to compare with, and another digest at its end.
        assert_eq!((left.after, left.before.map(|place| place.digest)), (None, Some(9)));
        assert!(left.event.unwrap().contains("\"id\":1,"));
        assert_eq!(case("safety", "invariant/safety", Known::Exactly, false).recorded.unwrap().left, None);
    }

    #[test]
    fn a_seed_is_run_twice_even_if_it_passes() {
        let scenario = scenario("fake", "[fake]\nright = \"3:waver\"\n");
        let (replay, _) = compare(Subject { scenario: &scenario, side: Side::Own }, Seed(3));
        assert_eq!((replay.judgement(), replay.exit()), (Judgement::Nondeterministic, Exit::Nondeterministic));
        assert!(matches!(replay.wavering, Some(Split::Event { event: 11, .. })), "{:?}", replay.wavering);
    }
}
