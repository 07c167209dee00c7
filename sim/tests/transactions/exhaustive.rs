//! All small histories of lists of some forms, beside the slow twins.

use shaketable_sim::check::transactions::{Key, ListOp, Outcome, Process, Transaction, TransactionId, Value};

use crate::Lists;
use crate::judge::{Counts, compare};

/// An operation before it has its value or answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Append(u64),
    Read(u64),
}

use Form::{Append, Read};

/// Process, invocation and completion of a transaction, by its place.
type Times = fn(u64) -> (u64, u64, u64);

/// How transactions follow each other.
const TIMES: [Times; 3] = [
    // All at once, one after another by different processes, and by one.
    |at| (at, at, 100 + at),
    |at| (at, 10 * at, 10 * at + 1),
    |at| (0, 10 * at, 10 * at + 1),
];

/// All lists without a value twice, of these values.
fn lists(values: &[u64]) -> Vec<Vec<u64>> {
    let mut all: Vec<Vec<u64>> = vec![Vec::new()];
    let mut from = 0;
    while from < all.len() {
        let list = all[from].clone();
        from += 1;
        for &value in values.iter().filter(|value| !list.contains(value)) {
            all.push([list.as_slice(), &[value]].concat());
        }
    }
    all
}

/// Compares all histories of `count` transactions of these forms, with all answers, in all times; and each with the last one of unknown outcome.
fn compare_all(count: usize, forms: &[&[Form]]) -> (u64, Counts) {
    let (mut compared, mut counts) = (0, Counts::default());
    let mut chosen = vec![0; count];
    loop {
        let history: Vec<&[Form]> = chosen.iter().map(|&at| forms[at]).collect();
        let flat = || history.iter().copied().flatten();
        let values = |key: u64| -> Vec<u64> {
            (1..).zip(flat()).filter(|(_, form)| **form == Append(key)).map(|(value, _)| value).collect()
        };
        let of_keys = [lists(&values(0)), lists(&values(1))];
        let choices: Vec<&[Vec<u64>]> = flat()
            .map(|form| match form {
                Append(_) => &of_keys[0][..1],
                Read(key) => &of_keys[*key as usize][..],
            })
            .collect();
        let mut answers = vec![0; choices.len()];
        loop {
            let lists: Vec<&Vec<u64>> = answers.iter().zip(&choices).map(|(&at, of)| &of[at]).collect();
            for times in TIMES {
                for unknown in [false, true] {
                    counts.add(&compare(&build(&history, &lists, times, unknown)));
                    compared += 1;
                }
            }
            if !advance(&mut answers, |at| choices[at].len()) {
                break;
            }
        }
        if !advance(&mut chosen, |_| forms.len()) {
            return (compared, counts);
        }
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

fn build(history: &[&[Form]], lists: &[&Vec<u64>], times: Times, unknown: bool) -> Lists {
    let mut answers = (1..).zip(lists);
    (0..)
        .zip(history)
        .map(|(at, forms)| {
            let op = |form: &Form| {
                let (value, list) = answers.next().expect("an answer for each");
                match form {
                    Append(key) => ListOp::Append { key: Key(*key), value: Value(value) },
                    Read(key) => {
                        ListOp::Read { key: Key(*key), list: Some(list.iter().map(|&value| Value(value)).collect()) }
                    }
                }
            };
            let (process, invoked, completed) = times(at);
            let last = at as usize + 1 == history.len();
            let outcome = if unknown && last { Outcome::Unknown } else { Outcome::Committed { completed } };
            Transaction {
                id: TransactionId(at),
                process: Process(process),
                ops: forms.iter().map(op).collect(),
                invoked,
                outcome,
            }
        })
        .collect()
}

#[test]
fn all_histories_of_three_transactions_on_one_key() {
    let (compared, counts) = compare_all(3, &[&[Append(0)], &[Read(0)], &[Read(0), Append(0)], &[Append(0), Read(0)]]);
    assert_eq!(compared, 226_878);
    // With one key and such transactions, no list is read before it is there, so all levels occur but few of the weak.
    assert!(counts.0.iter().all(|count| count.holds > 1_000), "{counts:?}");
}

#[test]
fn all_histories_of_two_transactions_of_two_operations_on_two_keys() {
    let ops = [Append(0), Append(1), Read(0), Read(1)];
    let pairs: Vec<Vec<Form>> = ops.iter().flat_map(|&one| ops.iter().map(move |&other| vec![one, other])).collect();
    let forms: Vec<&[Form]> = pairs.iter().map(Vec::as_slice).collect();
    let (compared, counts) = compare_all(2, &forms);
    assert!(compared > 3_000, "{compared}");
    counts.assert_both(50);
}

#[test]
fn all_histories_of_three_transactions_on_two_keys() {
    let forms: [&[Form]; 7] = [
        &[Read(0), Append(1)],
        &[Read(1), Append(0)],
        &[Read(0), Read(1)],
        &[Append(0), Append(1)],
        &[Append(1), Append(0)],
        &[Read(0), Append(0)],
        &[Append(0)],
    ];
    let (compared, counts) = compare_all(3, &forms);
    assert!(compared > 20_000, "{compared}");
    counts.assert_both(50);
}
