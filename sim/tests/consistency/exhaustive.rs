//! All small histories of some forms, beside the slow twins.

use shaketable_sim::check::consistency::{Action, Call, Content, Guarantee, Guarantees, Level, Verdict, check};

use crate::{AMPLE, brute, call, unanswered};

/// For each level, how often it holds, is violated and is undecided.
#[derive(Default, Debug)]
pub(crate) struct Counts(pub(crate) [[u64; 3]; 9], pub(crate) u64);

impl Counts {
    /// All levels hold often and are violated often, but monotonic writes, which hold of all that is not from nowhere.
    pub(crate) fn assert_both(&self, least: u64) {
        for (level, counts) in Level::ALL.iter().zip(&self.0) {
            let ever = *level != Level::Session(Guarantee::MonotonicWrites);
            assert!(counts[0] >= least && (counts[1] >= least) == ever, "{level}: {self:?}");
        }
    }
}

/// Compares what the check finds with what the twins do, and looks whether the evidence is evidence.
pub(crate) fn compare(history: &[Call], counts: &mut Counts) {
    let report = check(history, AMPLE);
    for (level, counts) in Level::ALL.into_iter().zip(&mut counts.0) {
        let verdict = report.verdict(level);
        match verdict {
            Verdict::Holds => counts[0] += 1,
            Verdict::Undecided(_) => {
                counts[2] += 1;
                assert_ne!(level, Level::Sequential, "{history:#?}");
                continue;
            }
            Verdict::Violated(evidence) => {
                counts[1] += 1;
                let story: Vec<Call> = evidence.story.iter().map(|&place| history[place as usize]).collect();
                assert!(!brute::holds(&story, level), "{level}: {history:#?}\n{evidence:?}");
                assert!(evidence.culprit.is_none_or(|culprit| evidence.story.contains(&culprit)), "{evidence:?}");
                // What breaks a weaker level is told of the stronger, too.
                let is_broken = |weaker: &Level| matches!(report.verdict(*weaker), Verdict::Violated(_));
                if counts[1] % 32 == 0
                    && !Level::ALL.iter().filter(|weaker| **weaker != level && level.implies(**weaker)).any(is_broken)
                {
                    assert_least(&story, level);
                }
            }
        }
        assert_eq!(*verdict == Verdict::Holds, brute::holds(history, level), "{level}: {history:#?}\n{report:#?}");
    }
    for level in Level::ALL {
        let undecided = matches!(report.verdict(level), Verdict::Undecided(_));
        assert!(!undecided || *report.verdict(Level::Sequential) != Verdict::Holds, "{history:#?}");
    }
    compare_together(history, counts);
}

/// Asserts that nothing is wrong with a story without one of its operations; but who put what others found cannot be left out, though its answer can.
fn assert_least(story: &[Call], level: Level) {
    for at in 0..story.len() {
        let Call { action, key, .. } = story[at];
        let met = |other: &Call| match (action, other.action) {
            (Action::Write(put) | Action::Swap { put, .. }, Action::Read(found) | Action::Swap { found, .. }) => {
                found == put
            }
            (Action::Write(_) | Action::Swap { .. }, Action::Differs(_)) => true,
            _ => false,
        };
        let mut rest = story.to_vec();
        let of = rest.remove(at);
        if !rest.iter().any(|other| other.key == key && met(other)) {
            let is_broken = matches!(check(&rest, AMPLE).verdict(level), Verdict::Violated(_));
            assert!(!is_broken, "{level}, without {of:?}: {rest:?}");
        }
    }
}

/// Of sets of guarantees, the least that are violated are told, and no others.
fn compare_together(history: &[Call], counts: &mut Counts) {
    let report = check(history, AMPLE);
    if Level::ALL.iter().any(|&level| matches!(report.verdict(level), Verdict::Undecided(_))) {
        return;
    }
    let mut violated: Vec<Guarantees> = Vec::new();
    for set in Guarantees::sets() {
        if violated.iter().any(|part| part.is_part_of(set)) || brute::holds_together(history, set) {
            continue;
        }
        violated.push(set);
        if set.members().count() > 1 {
            assert!(report.clashes().iter().any(|(told, _)| *told == set), "{history:#?}\n{set:?} {report:#?}");
            counts.1 += 1;
        }
    }
    assert!(report.clashes().iter().all(|(told, _)| violated.contains(told)), "{history:#?}\n{report:#?}");
}

/// An operation before it has its process and answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Write(u64),
    Read(u64),
    Swap(u64),
}

use Form::{Read, Swap, Write};

/// All answers to an operation, when these are the operations; the value that the operation at some place puts is that place, from 1.
fn actions(forms: &[Form], at: usize) -> Vec<Action> {
    let put = Some(at as u64 + 1);
    let contents = |key: u64| -> Vec<Content> {
        let writes = |form: &Form| *form == Write(key) || *form == Swap(key);
        let values = (1..).zip(forms).filter(|(_, form)| writes(form)).map(|(value, _)| Some(value));
        [None].into_iter().chain(values).collect()
    };
    match forms[at] {
        Write(_) => vec![Action::Write(put)],
        Read(key) => contents(key).into_iter().map(Action::Read).collect(),
        Swap(key) => contents(key).into_iter().map(|found| Action::Swap { found, put }).collect(),
    }
}

/// The next number in mixed radix, if there is one.
fn advance(digits: &mut [usize], radix: impl Fn(usize) -> usize) -> bool {
    for (at, digit) in digits.iter_mut().enumerate() {
        *digit += 1;
        if *digit < radix(at) {
            return true;
        }
        *digit = 0;
    }
    false
}

/// Compares all histories of so many operations of these forms: by any processes, with any answers, all answered or the last of writes not.
fn compare_all(size: usize, forms: &[Form]) -> (u64, Counts) {
    let (mut compared, mut counts) = (0, Counts::default());
    let mut chosen = vec![0; size];
    loop {
        let shape: Vec<Form> = chosen.iter().map(|&at| forms[at]).collect();
        let mut processes = vec![0; size];
        loop {
            // Which process is which does not matter.
            let new = |at: usize| processes[..at].iter().map(|of| of + 1).max().unwrap_or(0);
            if (0..size).all(|at| processes[at] <= new(at)) {
                compared += compare_answers(&shape, &processes, &mut counts);
            }
            if !advance(&mut processes, |_| size) {
                break;
            }
        }
        if !advance(&mut chosen, |_| forms.len()) {
            return (compared, counts);
        }
    }
}

/// Compares all histories of these operations by these processes, and says how many there are that the twins can bear.
fn compare_answers(shape: &[Form], processes: &[usize], counts: &mut Counts) -> u64 {
    let actions: Vec<Vec<Action>> = (0..shape.len()).map(|at| actions(shape, at)).collect();
    let mut answers = vec![0; shape.len()];
    let mut compared = 0;
    loop {
        let operation = |at: usize| {
            let (Write(key) | Read(key) | Swap(key)) = shape[at];
            call(processes[at] as u64, key, actions[at][answers[at]])
        };
        let history: Vec<Call> = (0..shape.len()).map(operation).collect();
        if brute::size(&history) <= 5 {
            compare(&history, counts);
            compared += 1;
            if let Some(at) = (0..history.len()).rev().find(|&at| !history[at].action.is_read()) {
                let mut open = history.clone();
                open[at] = unanswered(open[at]);
                compare(&open, counts);
                compared += 1;
            }
        }
        if !advance(&mut answers, |at| actions[at].len()) {
            return compared;
        }
    }
}

#[test]
fn all_histories_of_three_operations() {
    let (compared, counts) = compare_all(3, &[Write(1), Write(2), Read(1), Read(2), Swap(1)]);
    assert!(compared > 5_000, "{compared}");
    counts.assert_both(10);
}

#[test]
fn all_histories_of_four_operations_on_one_object() {
    let (compared, counts) = compare_all(4, &[Write(1), Read(1)]);
    assert_eq!(compared, 3_105);
    counts.assert_both(100);
    assert!(counts.1 > 50, "{counts:?}");
}

#[test]
fn all_histories_of_four_operations_on_two_objects() {
    let (compared, counts) = compare_all(4, &[Write(1), Write(2), Read(1), Read(2)]);
    assert!(compared > 20_000, "{compared}");
    counts.assert_both(100);
}
