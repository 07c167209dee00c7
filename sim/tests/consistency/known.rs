//! Histories of the literature, with the verdicts that are given there.

use shaketable_sim::check::consistency::{Action, Call, Doubt, Guarantee, Guarantees, Level, Pattern, Verdict, check};

use crate::{AMPLE, call, read, swap, unanswered, write};

use Guarantee::*;

/// The strongest levels that hold.
fn strongest(history: &[Call]) -> Vec<Level> {
    check(history, AMPLE).strongest()
}

fn pattern(history: &[Call], level: Level) -> Pattern {
    match check(history, AMPLE).verdict(level) {
        Verdict::Violated(evidence) => evidence.pattern,
        other => panic!("{level}: {other:?}"),
    }
}

/// Bouajjani, Enea, Guerraoui, Hamza 2017, Figure 2: histories that tell their levels apart.
#[test]
fn the_levels_of_causal_consistency_differ() {
    // (a) Two writers each see the other's write last.
    let a = [write(1, 1, 1), read(1, 1, 2), write(2, 1, 2), read(2, 1, 1)];
    assert_eq!(strongest(&a)[0], Level::CausalMemory);
    assert_eq!(pattern(&a, Level::CausalConvergence), Pattern::CyclicCf);
    // (b) Nothing of z, which is older than y, but only the own version of x.
    let b = [
        write(1, 3, 1),
        write(1, 1, 1),
        write(1, 2, 1),
        write(2, 1, 2),
        read(2, 3, None),
        read(2, 2, 1),
        read(2, 1, 2),
    ];
    assert_eq!(strongest(&b), [Level::CausalConvergence]);
    assert_eq!(pattern(&b, Level::CausalMemory), Pattern::WriteHbInitRead);
    // (c) One process sees two versions in both orders.
    let c = [write(1, 1, 1), write(2, 1, 2), read(2, 1, 1), read(2, 1, 2)];
    assert!(strongest(&c).contains(&Level::Causal));
    assert_eq!(pattern(&c, Level::CausalMemory), Pattern::CyclicHb);
    assert_eq!(pattern(&c, Level::CausalConvergence), Pattern::CyclicCf);
    // (d) All of them, and not sequential.
    let d = [
        write(1, 1, 1),
        read(1, 2, None),
        write(1, 2, 1),
        read(1, 1, 1),
        write(2, 1, 2),
        read(2, 2, None),
        write(2, 2, 2),
        read(2, 1, 2),
    ];
    assert_eq!(strongest(&d), [Level::CausalConvergence, Level::CausalMemory]);
    // (e) A version that is older than what has been seen.
    let e = [write(1, 1, 1), write(1, 2, 1), read(2, 2, 1), write(2, 1, 2), read(3, 1, 2), read(3, 1, 1)];
    assert_eq!(pattern(&e, Level::Causal), Pattern::WriteCoRead);
}

#[test]
fn each_pattern_of_causal_consistency_has_its_name() {
    assert_eq!(pattern(&[read(1, 1, 7)], Level::Causal), Pattern::ThinAirRead);
    let cyclic = [read(1, 1, 1), write(1, 2, 1), read(2, 2, 1), write(2, 1, 1)];
    assert_eq!(pattern(&cyclic, Level::Causal), Pattern::CyclicCo);
    // The photo that was put into the album before the album was told of it (Lloyd et al. 2011, §1).
    let photo = [write(1, 1, 1), write(1, 2, 2), read(2, 2, 2), read(2, 1, None)];
    assert_eq!(pattern(&photo, Level::Causal), Pattern::WriteCoInitRead);
    let report = check(&photo, AMPLE);
    let Verdict::Violated(evidence) = report.verdict(Level::Causal) else { panic!("{report:?}") };
    assert_eq!((evidence.culprit, evidence.story.as_slice()), (Some(3), &[0, 1, 2, 3][..]));
}

/// Lamport 1979, §1, and the litmus tests that came of it.
#[test]
fn sequential_consistency_is_of_all_objects_together() {
    let store_buffering = [write(1, 1, 1), read(1, 2, None), write(2, 2, 1), read(2, 1, None)];
    assert_eq!(pattern(&store_buffering, Level::Sequential), Pattern::NoOrder);
    for key in [1, 2] {
        let of_key: Vec<Call> = store_buffering.iter().filter(|call| call.key.0 == key).copied().collect();
        assert_eq!(strongest(&of_key), [Level::Sequential]);
    }
    // Independent reads of independent writes: two readers disagree on which of two writes came first.
    let independent =
        [write(1, 1, 1), write(2, 2, 1), read(3, 1, 1), read(3, 2, None), read(4, 2, 1), read(4, 1, None)];
    assert_eq!(strongest(&independent), [Level::CausalConvergence, Level::CausalMemory]);
    // What is found too early for linearizability is not too early here.
    assert_eq!(strongest(&[read(1, 1, 1), read(1, 1, 1), write(2, 1, 1)]), [Level::Sequential]);
}

/// Terry et al. 1994, §3: what each guarantee forbids.
#[test]
fn each_session_guarantee_is_violated_by_its_own() {
    let only = |history: &[Call], guarantee: Guarantee| {
        let report = check(history, AMPLE);
        for one in Guarantee::ALL {
            let violated = matches!(report.verdict(Level::Session(one)), Verdict::Violated(_));
            assert_eq!(violated, one == guarantee, "{history:?}: {report:?}");
        }
    };
    // The mail that one has sent is not in the folder.
    only(&[write(1, 1, 1), read(1, 1, None)], ReadYourWrites);
    // The appointment was there, and is gone.
    only(&[write(1, 1, 1), read(2, 1, 1), read(2, 1, None)], MonotonicReads);
    // The answer is there, and the question is not: each read goes to a server that has one and not the other. It takes monotonic reads to see that.
    let question = [write(1, 1, 1), read(2, 1, 1), write(2, 2, 1), read(3, 2, 1), read(3, 1, None)];
    let report = check(&question, AMPLE);
    let clashes: Vec<Vec<Guarantee>> = report.clashes().iter().map(|(set, _)| set.members().collect()).collect();
    assert_eq!(clashes, [[MonotonicReads, WritesFollowReads]]);
    // Who found 2 and then wrote 3 has them in that order; somebody wrote 2 after finding 3.
    only(&[read(1, 1, 3), write(1, 1, 2), read(2, 1, 2), write(2, 1, 3)], WritesFollowReads);
}

/// Which of two versions is the newer, nobody sees: so either guarantee may be the one that is violated.
#[test]
fn guarantees_can_clash() {
    let backwards = [write(1, 1, 1), write(1, 1, 2), read(1, 1, 1)];
    let report = check(&backwards, AMPLE);
    assert!(Guarantee::ALL.iter().all(|&one| *report.verdict(Level::Session(one)) == Verdict::Holds));
    assert!(matches!(report.verdict(Level::Sessions), Verdict::Violated(_)));
    let clashes: Vec<(Guarantees, &[u32])> =
        report.clashes().iter().map(|(set, evidence)| (*set, evidence.story.as_slice())).collect();
    assert_eq!(clashes.len(), 1, "{clashes:?}");
    assert_eq!(clashes[0].0.members().collect::<Vec<_>>(), [ReadYourWrites, MonotonicWrites]);
    assert_eq!(clashes[0].1, [0, 1, 2]);
}

#[test]
fn what_was_put_twice_is_nobodys_for_certain() {
    let twice = [write(1, 1, 1), write(2, 1, 1), read(3, 1, 1), write(4, 2, 1), read(4, 2, None)];
    let report = check(&twice, AMPLE);
    assert!(matches!(report.verdict(Level::Sequential), Verdict::Violated(_)));
    let doubt = Verdict::Undecided(Doubt::Ambiguous { reader: 2, first: 0, second: Some(1) });
    assert!(Level::ALL.iter().skip(1).all(|&level| *report.verdict(level) == doubt), "{report:?}");
    // Nothing that was put counts as well.
    let nothing = [call(1, 1, Action::Write(None)), read(1, 1, None), write(4, 2, 1), read(4, 2, None)];
    let doubt = Verdict::Undecided(Doubt::Ambiguous { reader: 1, first: 0, second: None });
    assert_eq!(*check(&nothing, AMPLE).verdict(Level::Causal), doubt);
    // A sequential history is of all levels, whoever wrote what.
    assert_eq!(strongest(&twice[..3]), [Level::Sequential]);
}

#[test]
fn an_answer_that_says_only_what_it_is_not_proves_no_weak_level() {
    let vague =
        [write(1, 1, 1), read(1, 2, None), write(2, 2, 1), read(2, 1, None), call(3, 3, Action::Differs(Some(1)))];
    let report = check(&vague, AMPLE);
    assert!(matches!(report.verdict(Level::Sequential), Verdict::Violated(_)));
    assert_eq!(*report.verdict(Level::Causal), Verdict::Undecided(Doubt::Vague(4)));
    let broken = [write(1, 1, 1), read(1, 1, None), call(3, 3, Action::Differs(Some(1)))];
    assert_eq!(pattern(&broken, Level::Causal), Pattern::WriteCoInitRead);
}

#[test]
fn what_was_not_answered_happens_late_or_never() {
    // The process goes on, and finds its own write only later, or never.
    let late = [unanswered(write(1, 1, 1)), read(1, 1, None), read(2, 1, 1), read(2, 1, 1)];
    assert_eq!(strongest(&late), [Level::Sequential]);
    let answered = [write(1, 1, 1), read(1, 1, None), read(2, 1, 1)];
    assert_eq!(pattern(&answered, Level::Causal), Pattern::WriteCoInitRead);
    // But it comes after what its process had been answered before.
    let before = [write(1, 1, 1), unanswered(write(1, 2, 1)), read(2, 2, 1), read(2, 1, None)];
    assert_eq!(pattern(&before, Level::Causal), Pattern::WriteCoInitRead);
    let strangers = [write(1, 1, 1), unanswered(write(3, 2, 1)), read(2, 2, 1), read(2, 1, None)];
    assert_eq!(strongest(&strangers), [Level::Sequential]);
}

/// Two swaps of one version: no order has both; but nothing weaker forbids it.
#[test]
fn only_an_order_of_all_keeps_swaps_apart() {
    let twice = [swap(1, 1, None, 1), swap(2, 1, None, 2)];
    assert_eq!(pattern(&twice, Level::Sequential), Pattern::NoOrder);
    assert_eq!(strongest(&twice), [Level::CausalConvergence, Level::CausalMemory]);
    assert_eq!(strongest(&[swap(1, 1, None, 1), swap(2, 1, 1, 2), read(3, 1, 1)]), [Level::Sequential]);
}

#[test]
fn patterns_have_the_names_of_the_literature() {
    let names = [
        (Pattern::ThinAirRead, Some("ThinAirRead")),
        (Pattern::CyclicCo, Some("CyclicCO")),
        (Pattern::WriteCoInitRead, Some("WriteCOInitRead")),
        (Pattern::WriteCoRead, Some("WriteCORead")),
        (Pattern::CyclicCf, Some("CyclicCF")),
        (Pattern::WriteHbInitRead, Some("WriteHBInitRead")),
        (Pattern::CyclicHb, Some("CyclicHB")),
        (Pattern::VersionOrder, None),
        (Pattern::NoOrder, None),
    ];
    names.into_iter().for_each(|(pattern, name)| assert_eq!(pattern.name(), name));
}

#[test]
fn all_least_sets_that_clash_are_told() {
    let history = [
        // Monotonic reads and writes follow reads, by three processes.
        write(1, 1, 1),
        read(2, 1, 1),
        write(2, 2, 1),
        read(3, 2, 1),
        read(3, 1, None),
        // Read your writes and monotonic writes, by one.
        write(4, 4, 1),
        write(4, 4, 2),
        read(4, 4, 1),
    ];
    let report = check(&history, AMPLE);
    let clashes: Vec<(Vec<Guarantee>, &[u32])> =
        report.clashes().iter().map(|(set, evidence)| (set.members().collect(), evidence.story.as_slice())).collect();
    let expected: [(Vec<Guarantee>, &[u32]); 2] = [
        (vec![ReadYourWrites, MonotonicWrites], &[5, 6, 7]),
        (vec![MonotonicReads, WritesFollowReads], &[0, 1, 2, 3, 4]),
    ];
    assert_eq!(clashes, expected);
}

/// A swap that was not answered, and that somebody met, comes after all that its process found before, and after nothing that others found.
#[test]
fn a_swap_that_was_not_answered_follows_its_process() {
    let both = [write(1, 1, 1), write(2, 1, 2), read(2, 1, 1), unanswered(swap(2, 1, 2, 3)), read(3, 1, 3)];
    assert_eq!(pattern(&both, Level::CausalMemory), Pattern::CyclicHb);
    assert!(strongest(&both).contains(&Level::Causal));
    let each_its_own =
        [write(1, 1, 1), read(1, 1, 2), write(2, 1, 2), read(2, 1, 1), unanswered(swap(1, 1, 2, 3)), read(3, 1, 3)];
    assert!(strongest(&each_its_own).contains(&Level::CausalMemory));
}

#[test]
fn what_nobody_can_have_put_is_wrong_if_it_was_found_for_certain() {
    // However ambiguous the rest is.
    let twice = [write(1, 1, 1), write(2, 1, 1), read(3, 1, 1), read(3, 2, 9)];
    let report = check(&twice, AMPLE);
    for level in Level::ALL {
        let Verdict::Violated(evidence) = report.verdict(level) else { panic!("{level}: {report:?}") };
        assert_eq!((evidence.pattern, evidence.culprit), (Pattern::ThinAirRead, Some(3)));
        assert_eq!(evidence.story, [3]);
    }
    // Whoever was not answered may have found nothing.
    let open = [unanswered(swap(1, 1, 7, 1)), call(2, 1, Action::Differs(Some(5)))];
    assert_eq!(strongest(&open), [Level::Sequential]);
}

#[test]
fn who_was_met_by_somebody_that_is_left_out_is_left_out_too() {
    let history = [read(3, 1, 1), write(1, 2, 1), write(4, 1, 1), read(1, 2, None)];
    let report = check(&history, AMPLE);
    let Verdict::Violated(evidence) = report.verdict(Level::Causal) else { panic!("{report:?}") };
    assert_eq!(evidence.story, [1, 3]);
}
