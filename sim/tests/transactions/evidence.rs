//! What a finding says, word by word, beside the history.

use shaketable_sim::check::transactions::{
    Anomaly, Basis, Dependency, Evidence, Excerpt, Fault, Finding, Key, Level, ListOp, Outcome, RegisterOp, Scope,
    Seen, Shape, Step, Transaction, TransactionId, Value, check_lists,
};

use crate::{append, brute, committed, read, singles};

/// What can be looked up of an operation.
pub(crate) trait Fact: std::fmt::Debug {
    fn wrote(&self) -> Option<(Key, Value)>;
    fn saw(&self) -> Option<(Key, Seen)>;
}

impl Fact for ListOp {
    fn wrote(&self) -> Option<(Key, Value)> {
        match self {
            ListOp::Append { key, value } => Some((*key, *value)),
            ListOp::Read { .. } => None,
        }
    }

    fn saw(&self) -> Option<(Key, Seen)> {
        match self {
            ListOp::Read { key, list: Some(list) } => {
                Some((*key, Seen::List(Excerpt { before: false, values: list.clone(), after: false })))
            }
            _ => None,
        }
    }
}

impl Fact for RegisterOp {
    fn wrote(&self) -> Option<(Key, Value)> {
        match self {
            RegisterOp::Write { key, value } => Some((*key, *value)),
            RegisterOp::Read { .. } => None,
        }
    }

    fn saw(&self) -> Option<(Key, Seen)> {
        match self {
            RegisterOp::Read { key, value: Some(value) } => Some((*key, Seen::Register(*value))),
            _ => None,
        }
    }
}

/// The values that were seen.
pub(crate) fn values(seen: &Seen) -> Vec<Value> {
    match seen {
        Seen::Register(value) => value.iter().copied().collect(),
        Seen::List(Excerpt { values, .. }) => values.clone(),
    }
}

/// A history, to look things up.
struct Facts<'h, O>(&'h [Transaction<O>]);

impl<O: Fact> Facts<'_, O> {
    fn of(&self, id: TransactionId) -> &Transaction<O> {
        self.0.iter().find(|of| of.id == id).expect("it names transactions of the history")
    }

    fn wrote(&self, id: TransactionId, key: Key, value: Value) -> bool {
        self.of(id).ops.iter().any(|op| op.wrote() == Some((key, value)))
    }

    fn saw(&self, id: TransactionId, key: Key, seen: &Seen) -> bool {
        self.of(id).ops.iter().any(|op| op.saw() == Some((key, seen.clone())))
    }

    /// What a transaction wrote to a key, in its order.
    fn writes(&self, id: TransactionId, key: Key) -> Vec<Value> {
        let written = |op: &O| op.wrote().filter(|(of, _)| *of == key).map(|(_, value)| value);
        self.of(id).ops.iter().filter_map(written).collect()
    }

    /// Whether a transaction read or wrote this as the newest of a key.
    fn met(&self, id: TransactionId, key: Key, value: Value) -> bool {
        self.writes(id, key).last() == Some(&value) || self.saw(id, key, &Seen::Register(Some(value)))
    }

    fn precedes(&self, level: Level, one: TransactionId, other: TransactionId) -> bool {
        brute::precedes(level, self.of(one), self.of(other))
    }

    /// Whether nobody who knows that he committed wrote any of these.
    fn uncommitted(&self, key: Key, values: &[Value]) -> bool {
        let committed = |of: &&Transaction<O>| matches!(of.outcome, Outcome::Committed { .. });
        !self.0.iter().filter(committed).any(|of| values.iter().any(|value| self.wrote(of.id, key, *value)))
    }

    /// All that was seen of a key by those who know that they committed.
    fn seen(&self, key: Key) -> Vec<Vec<Value>> {
        let committed = |of: &&Transaction<O>| matches!(of.outcome, Outcome::Committed { .. });
        let ops = self.0.iter().filter(committed).flat_map(|of| &of.ops);
        ops.filter_map(Fact::saw).filter(|(of, _)| *of == key).map(|(_, seen)| values(&seen)).collect()
    }

    /// Whether the evidence for the order of two versions of a key is such: of the first this was seen, or written.
    fn is_known(&self, key: Key, first: &First, later: Value, basis: &Basis) -> bool {
        // Where the first version ends in a list.
        let end = |list: &[Value]| match first {
            First::Seen(seen) => list.starts_with(&values(seen)).then(|| values(seen).len()),
            First::Written(value) => list.iter().position(|other| other == value).map(|place| place + 1),
        };
        let earlier = || match first {
            First::Seen(seen) => values(seen).last().copied(),
            First::Written(value) => Some(*value),
        };
        match basis {
            Basis::Read(by, seen) => {
                let list = values(seen);
                let (end, place) = (end(&list), list.iter().position(|value| *value == later));
                self.saw(*by, key, seen)
                    && matches!((end, place), (Some(end), Some(place)) if end <= place && self.uncommitted(key, &list[end..place]))
            }
            Basis::Unread(longest) => {
                let seen = self.seen(key);
                let list = longest.as_ref().map(|(_, seen)| values(seen)).unwrap_or_default();
                let read = longest.as_ref().is_none_or(|(by, seen)| !list.is_empty() && self.saw(*by, key, seen));
                let unread = !seen.iter().any(|other| other.contains(&later) || other.len() > list.len());
                read && unread && end(&list).is_some_and(|end| self.uncommitted(key, &list[end..]))
            }
            Basis::Initial => matches!(first, First::Seen(Seen::Register(None))),
            Basis::Replaced(by) => {
                self.saw(*by, key, &Seen::Register(earlier())) && self.writes(*by, key).last() == Some(&later)
            }
            Basis::LinearizableKeys(one, other) | Basis::SequentialKeys(one, other) => {
                let level = match basis {
                    Basis::LinearizableKeys(..) => Level::StrictSerializable,
                    _ => Level::StrongSessionSerializable,
                };
                earlier().is_some_and(|earlier| self.met(*one, key, earlier))
                    && self.met(*other, key, later)
                    && self.precedes(level, *one, *other)
            }
        }
    }

    /// Whether one transaction comes before the next for the reason that is given.
    fn holds(&self, Step { from, to, why }: &Step) -> bool {
        match why {
            Dependency::Ww { key, earlier, later, basis } => {
                let both = self.wrote(*from, *key, *earlier) && self.wrote(*to, *key, *later);
                both && self.is_known(*key, &First::Written(*earlier), *later, basis)
            }
            Dependency::Wr { key, value, seen } => {
                let both = self.wrote(*from, *key, *value) && self.saw(*to, *key, seen);
                both && values(seen).last() == Some(value)
            }
            Dependency::Rw { key, seen, later, basis } => {
                let both = self.saw(*from, *key, seen) && self.wrote(*to, *key, *later);
                both && self.is_known(*key, &First::Seen(seen.clone()), *later, basis)
            }
            Dependency::Process(process) => {
                self.precedes(Level::StrongSessionSerializable, *from, *to) && self.of(*to).process == *process
            }
            Dependency::RealTime => self.precedes(Level::StrictSerializable, *from, *to),
        }
    }

    /// Whether a read is wrong in the way that is said.
    fn is_at_fault(&self, reader: TransactionId, key: Key, seen: &Seen, fault: &Fault) -> bool {
        let list = values(seen);
        let place = |value: Value| list.iter().position(|other| *other == value);
        let aborted = |id: TransactionId| self.of(id).outcome == Outcome::Aborted;
        match fault {
            Fault::Garbage(value) => place(*value).is_some() && !self.0.iter().any(|of| self.wrote(of.id, key, *value)),
            Fault::Twice(value) => list.iter().filter(|other| *other == value).count() > 1,
            Fault::Aborted(writer, value) => {
                aborted(*writer) && self.wrote(*writer, key, *value) && place(*value).is_some()
            }
            Fault::OnTop { aborted: by, below, committed, above } => {
                let wrote = self.wrote(*by, key, *below) && self.wrote(*committed, key, *above);
                let order = place(*below).zip(place(*above)).is_some_and(|(below, above)| below < above);
                wrote && order && aborted(*by) && !aborted(*committed)
            }
            Fault::Intermediate(writer, value) => {
                let own = self.writes(*writer, key);
                *writer != reader && list.last() == Some(value) && own.contains(value) && own.last() != Some(value)
            }
            Fault::OutOfTurn(writer, value) => {
                let own = self.writes(*writer, key);
                let before = own.iter().position(|other| other == value).and_then(|nth| own.get(nth.checked_sub(1)?));
                let missing = |before: &Value| place(*before).is_none_or(|before| Some(before) > place(*value));
                place(*value).is_some() && before.is_some_and(missing)
            }
            Fault::Future(value) => {
                let mut ops = self.of(reader).ops.iter().skip_while(|op| op.saw() != Some((key, seen.clone())));
                place(*value).is_some() && ops.any(|op| op.wrote() == Some((key, *value)))
            }
            Fault::Expected(expected) => {
                singles::contradictions(&self.of(reader).ops).contains(&(key, seen.clone(), expected.clone()))
            }
        }
    }
}

/// What is told of the first of two versions.
enum First {
    Seen(Seen),
    Written(Value),
}

/// Asserts that what a finding says is in the history, unless that has lists which are abridged.
pub(crate) fn assert_true<O: Fact>(finding: &Finding, history: &[Transaction<O>]) {
    let facts = Facts(history);
    let seen = history.iter().flat_map(|of| &of.ops).filter_map(Fact::saw);
    if seen.map(|(_, seen)| values(&seen).len()).max() > Some(12) {
        return;
    }
    match &finding.evidence {
        Evidence::Cycle(steps) => {
            let next = steps.iter().cycle().skip(1);
            assert!(steps.iter().zip(next).all(|(step, next)| step.to == next.from), "no cycle: {finding}");
            for step in steps {
                assert!(facts.holds(step), "{step:?} is not so: {finding}\n{history:?}");
            }
            assert_eq!(finding.anomaly, named(steps), "{finding}");
        }
        Evidence::Read { reader, key, seen, fault } => {
            assert!(facts.saw(*reader, *key, seen), "{finding}\n{history:?}");
            assert!(facts.is_at_fault(*reader, *key, seen, fault), "{finding}\n{history:?}");
        }
        Evidence::Lists { key, first, second } => {
            assert!(facts.saw(first.0, *key, &first.1) && facts.saw(second.0, *key, &second.1), "{finding}");
            let (first, second) = (values(&first.1), values(&second.1));
            assert!(!first.starts_with(&second) && !second.starts_with(&first), "{finding}");
        }
        Evidence::Replaced { key, seen, first, second } => {
            let replaced = |id: TransactionId| facts.saw(id, *key, seen) && !facts.writes(id, *key).is_empty();
            assert!(first != second && replaced(*first) && replaced(*second), "{finding}\n{history:?}");
        }
    }
}

/// What a cycle is called, by its definition.
fn named(steps: &[Step]) -> Anomaly {
    let count = |is: fn(&Dependency) -> bool| steps.iter().filter(|step| is(&step.why)).count();
    let rw = count(|why| matches!(why, Dependency::Rw { .. }));
    let pairs = steps.iter().zip(steps.iter().cycle().skip(1));
    let adjacent = pairs
        .filter(|(one, next)| matches!((&one.why, &next.why), (Dependency::Rw { .. }, Dependency::Rw { .. })))
        .count();
    let shape = match (rw, count(|why| matches!(why, Dependency::Wr { .. }))) {
        (0, 0) => Shape::G0,
        (0, _) => Shape::G1c,
        (1, _) => Shape::GSingle,
        _ if adjacent == 0 => Shape::GNonadjacent,
        _ => Shape::G2Item,
    };
    let scope =
        match (count(|why| matches!(why, Dependency::RealTime)), count(|why| matches!(why, Dependency::Process(_)))) {
            (0, 0) => Scope::Data,
            (0, _) => Scope::Session,
            _ => Scope::RealTime,
        };
    Anomaly::Cycle(scope, shape)
}

#[test]
fn of_two_long_lists_only_what_is_near_the_difference_is_told() {
    let with = |place: usize, length: u64| -> Vec<u64> {
        let mut list: Vec<u64> = (1..=length).collect();
        list[place] = 99;
        list
    };
    let told = |place: usize| {
        let all: Vec<u64> = (1..=30).chain([99]).collect();
        let history = [
            committed(1, 1, all.iter().map(|&value| append(1, value)).collect(), (1, 101)),
            committed(2, 2, vec![read(1, &all[..30])], (2, 102)),
            committed(3, 3, vec![read(1, &with(place, 21))], (3, 103)),
        ];
        let report = check_lists(&history).expect("it meets the preconditions");
        let lists = report.findings().iter().find_map(|finding| match &finding.evidence {
            Evidence::Lists { first, second, .. } => Some([first.1.clone(), second.1.clone()]),
            _ => None,
        });
        lists.expect("they contradict each other")
    };
    let excerpt = |before, values: Vec<u64>, after| {
        Seen::List(Excerpt { before, values: values.into_iter().map(Value).collect(), after })
    };
    assert_eq!(told(2), [excerpt(false, (1..=12).collect(), true), excerpt(false, with(2, 12), true)]);
    let middle = (11..=18).chain([99, 20, 21]).collect::<Vec<u64>>();
    assert_eq!(told(18), [excerpt(true, (13..=24).collect(), true), excerpt(true, [vec![10], middle].concat(), false)]);
}

#[test]
fn what_is_twice_in_a_long_list_is_shown() {
    let all: Vec<u64> = (1..=30).collect();
    let twice = [all.as_slice(), &[30]].concat();
    let appends = all.iter().map(|&value| append(1, value)).collect();
    let history = [committed(1, 1, appends, (1, 101)), committed(2, 2, vec![read(1, &twice)], (2, 102))];
    let report = check_lists(&history).expect("it meets the preconditions");
    let told = "T2 read k1 = [… 20 21 22 23 24 25 26 27 28 29 30 30], which has 30 twice";
    assert!(report.to_string().contains(told), "{report}");
}

#[test]
fn a_read_is_told_of_its_own_key() {
    // T1 and T3 wrote the last of two lists that T2 read, and it is 7 in both.
    let history = [
        committed(0, 0, vec![append(1, 8), append(2, 9)], (0, 100)),
        committed(1, 1, vec![append(1, 7), read(3, &[1])], (1, 101)),
        committed(2, 2, vec![read(2, &[9, 7]), read(1, &[8, 7]), append(3, 1)], (2, 102)),
        committed(3, 3, vec![append(2, 7)], (3, 103)),
    ];
    let report = crate::judge::compare(&history);
    assert!(report.to_string().contains("wr: T2 read k1 = [8 7], and 7 is of T1"), "{report}");
}
