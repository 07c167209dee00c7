//! The slow twins: each level by its definition, over all orders that there are.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use shaketable_sim::check::consistency::{Action, Call, Content, Guarantee, Guarantees, Key, Level, Process};

/// Whether a history is of a level, whatever happened of what was not answered.
pub(crate) fn holds(history: &[Call], level: Level) -> bool {
    some_choice(history, |chosen| match level {
        Level::Sequential => interleaved(chosen, &mut vec![false; chosen.len()], &mut BTreeMap::new()),
        Level::Sessions => guaranteed(&atoms(chosen), Guarantees::ALL),
        Level::Session(guarantee) => guaranteed(&atoms(chosen), guarantee.into()),
        _ => some_causal_order(&atoms(chosen), level),
    })
}

/// Whether some choice explains a history with all of these guarantees.
pub(crate) fn holds_together(history: &[Call], together: Guarantees) -> bool {
    some_choice(history, |chosen| guaranteed(&atoms(chosen), together))
}

/// Tries all choices of operations that were not answered. Those that are read only are left out.
fn some_choice(history: &[Call], explains: impl Fn(&[Call]) -> bool) -> bool {
    let open: Vec<usize> = (0..history.len()).filter(|&at| !history[at].answered).collect();
    (0..1_u32 << open.len()).any(|choice| {
        let happened = |at: usize| match open.iter().position(|&open| open == at) {
            None => true,
            Some(bit) => choice & (1 << bit) != 0 && !history[at].action.is_read(),
        };
        let chosen: Vec<Call> =
            history.iter().enumerate().filter(|(at, _)| happened(*at)).map(|(_, call)| *call).collect();
        explains(&chosen)
    })
}

/// Whether the rest of a history can follow, operation after operation.
fn interleaved(history: &[Call], done: &mut Vec<bool>, state: &mut BTreeMap<Key, Content>) -> bool {
    if done.iter().all(|&done| done) {
        return true;
    }
    for at in 0..history.len() {
        let Call { key, action, .. } = history[at];
        let waits = (0..at).any(|before| !done[before] && precedes(history, before, at));
        let held = state.get(&key).copied().flatten();
        let put = match action {
            Action::Read(found) => (held == found).then_some(held),
            Action::Write(put) => Some(put),
            Action::Swap { found, put } => (held == found).then_some(put),
            Action::Differs(other) => (held != other).then_some(held),
        };
        if let (false, false, Some(put)) = (done[at], waits, put) {
            done[at] = true;
            state.insert(key, put);
            let found = interleaved(history, done, state);
            done[at] = false;
            state.insert(key, held);
            if found {
                return true;
            }
        }
    }
    false
}

/// Whether one operation comes before a later one in the order of their process.
fn precedes(history: &[Call], one: usize, other: usize) -> bool {
    history[one].process == history[other].process && history[one].answered
}

/// A read or a write.
#[derive(Clone, Copy)]
struct Atom {
    call: usize,
    process: Process,
    answered: bool,
    key: Key,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Finds(Content),
    Misses(Content),
    Puts(Content),
}

impl Atom {
    fn puts(&self) -> Option<Content> {
        if let Kind::Puts(content) = self.kind { Some(content) } else { None }
    }

    /// Whether a read may find this.
    fn accepts(&self, held: Content) -> bool {
        match self.kind {
            Kind::Finds(content) => content == held,
            Kind::Misses(content) => content != held,
            Kind::Puts(_) => true,
        }
    }
}

/// How many reads and writes there are. Five is as much as the twins of causal levels can bear.
pub(crate) fn size(history: &[Call]) -> usize {
    atoms(history).len()
}

fn atoms(history: &[Call]) -> Vec<Atom> {
    let parts = |action| match action {
        Action::Read(found) => vec![Kind::Finds(found)],
        Action::Write(put) => vec![Kind::Puts(put)],
        Action::Swap { found, put } => vec![Kind::Finds(found), Kind::Puts(put)],
        Action::Differs(other) => vec![Kind::Misses(other)],
    };
    let all = history.iter().enumerate().flat_map(|(at, call)| {
        let Call { process, key, answered, .. } = *call;
        parts(call.action).into_iter().map(move |kind| Atom { call: at, process, answered, key, kind })
    });
    all.collect()
}

/// Whether one atom comes before another in the order of their process.
fn in_session(atoms: &[Atom], one: usize, other: usize) -> bool {
    let (a, b) = (&atoms[one], &atoms[other]);
    one < other && a.process == b.process && (a.answered || a.call == b.call)
}

/// A strict partial order: for each, the set of those before it.
type Order = Vec<u8>;

/// All strict partial orders of so many elements.
fn orders(size: usize) -> &'static [Order] {
    static ALL: OnceLock<Vec<Vec<Order>>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let mut all = vec![vec![vec![]]];
        for size in 1..=5 {
            // The last element comes after some and before others, and all else follows.
            let mut grown = Vec::new();
            for order in &all[size - 1] {
                for (before, after) in
                    (0..1_u8 << (size - 1)).flat_map(|one| (0..1_u8 << (size - 1)).map(move |two| (one, two)))
                {
                    grown.extend(with_last(order, before, after));
                }
            }
            all.push(grown);
        }
        all
    });
    &all[size]
}

/// An order with one more element, after and before these, if that is one as it is.
fn with_last(order: &Order, before: u8, after: u8) -> Option<Order> {
    let last = order.len();
    let has = |set: u8, at: usize| set & (1 << at) != 0;
    let mut grown = order.clone();
    grown.push(before);
    (0..last).filter(|&at| has(after, at)).for_each(|at| grown[at] |= 1 << last);
    let transitive = (0..=last).all(|at| {
        let below = (0..=last).filter(|&one| has(grown[at], one)).fold(0, |set, one| set | grown[one]);
        !has(grown[at], at) && below & !grown[at] == 0
    });
    transitive.then_some(grown)
}

/// Whether some causal order explains atoms (Bouajjani et al. 2017, Definitions 1 to 3).
fn some_causal_order(atoms: &[Atom], level: Level) -> bool {
    let size = atoms.len();
    let session: Order = (0..size)
        .map(|at| (0..at).filter(|&one| in_session(atoms, one, at)).fold(0, |set, one| set | 1 << one))
        .collect();
    let extends = |order: &&Order| order.iter().zip(&session).all(|(of, before)| before & !of == 0);
    orders(size).iter().filter(extends).any(|causal| match level {
        Level::CausalConvergence => {
            sorted(causal, &mut Vec::new(), 0, (1 << size) - 1, &mut |arbitration: &[usize]| {
                (0..size).all(|at| explained(atoms, arbitration, causal[at] | 1 << at, 1 << at))
            })
        }
        _ => (0..size).all(|at| {
            let looked = if level == Level::CausalMemory { session[at] | 1 << at } else { 1 << at };
            let past = causal[at] | 1 << at;
            sorted(causal, &mut Vec::new(), 0, past, &mut |line: &[usize]| explained(atoms, line, past, looked))
        }),
    })
}

/// Whether `wanted` accepts some line of a set that agrees with an order.
fn sorted(order: &Order, line: &mut Vec<usize>, done: u8, set: u8, wanted: &mut dyn FnMut(&[usize]) -> bool) -> bool {
    if done == set {
        return wanted(line);
    }
    for at in (0..order.len()).filter(|&at| set & !done & (1 << at) != 0) {
        if order[at] & set & !done == 0 {
            line.push(at);
            let found = sorted(order, line, done | 1 << at, set, wanted);
            line.pop();
            if found {
                return true;
            }
        }
    }
    false
}

/// Whether a line, of a set, explains what some of it found.
fn explained(atoms: &[Atom], line: &[usize], set: u8, looked: u8) -> bool {
    let mut state: BTreeMap<Key, Content> = BTreeMap::new();
    line.iter().filter(|&&at| set & (1 << at) != 0).all(|&at| {
        let atom = &atoms[at];
        let held = state.get(&atom.key).copied().flatten();
        atom.puts().into_iter().for_each(|put| _ = state.insert(atom.key, put));
        looked & (1 << at) == 0 || atom.accepts(held)
    })
}

/// Whether some order of the versions of each object and some set of writes for each read have these guarantees (Terry et al. 1994, §3).
fn guaranteed(atoms: &[Atom], together: Guarantees) -> bool {
    let writes: Vec<usize> = (0..atoms.len()).filter(|&at| atoms[at].puts().is_some()).collect();
    let reads: Vec<usize> = (0..atoms.len()).filter(|&at| atoms[at].puts().is_none()).collect();
    let unordered = vec![0; writes.len()];
    let all = (1_u8 << writes.len()) - 1;
    // An order of all writes has one of each object; those that differ elsewhere do no harm.
    sorted(&unordered, &mut Vec::new(), 0, all, &mut |line: &[usize]| {
        let age: Vec<usize> =
            (0..writes.len()).map(|one| line.iter().position(|&at| at == one).expect("all")).collect();
        (0..1_u64 << (writes.len() * reads.len())).any(|sets| {
            let had = |read: usize| (sets >> (read * writes.len())) as u8 & all;
            newest(atoms, &writes, &reads, &age, &had) && promised(atoms, &writes, &reads, &age, &had, together)
        })
    })
}

/// Whether each read found the newest version that it has.
fn newest(atoms: &[Atom], writes: &[usize], reads: &[usize], age: &[usize], had: &dyn Fn(usize) -> u8) -> bool {
    reads.iter().enumerate().all(|(number, &read)| {
        let of_key = |write: &usize| atoms[writes[*write]].key == atoms[read].key;
        let seen = (0..writes.len()).filter(|&write| had(number) & (1 << write) != 0).filter(of_key);
        let held = seen.max_by_key(|&write| age[write]).and_then(|write| atoms[writes[write]].puts()).flatten();
        atoms[read].accepts(held)
    })
}

fn promised(
    atoms: &[Atom],
    writes: &[usize],
    reads: &[usize],
    age: &[usize],
    had: &dyn Fn(usize) -> u8,
    together: Guarantees,
) -> bool {
    let has = |set: u8, one: usize| set & (1 << one) != 0;
    let with_index = |of: &[usize]| of.iter().copied().enumerate().collect::<Vec<_>>();
    let (writes, reads) = (with_index(writes), with_index(reads));
    let in_order = |one: (usize, usize), other: (usize, usize)| {
        atoms[one.1].key != atoms[other.1].key || age[one.0] < age[other.0]
    };
    Guarantee::ALL.into_iter().filter(|&guarantee| together.has(guarantee)).all(|guarantee| match guarantee {
        Guarantee::ReadYourWrites => reads
            .iter()
            .all(|&(read, of)| writes.iter().all(|&(write, by)| !in_session(atoms, by, of) || has(had(read), write))),
        Guarantee::MonotonicReads => reads.iter().all(|&(first, of)| {
            reads.iter().all(|&(second, by)| !in_session(atoms, of, by) || had(first) & !had(second) == 0)
        }),
        Guarantee::MonotonicWrites => writes.iter().all(|&one| {
            let later = writes.iter().filter(|other| in_session(atoms, one.1, other.1));
            later.clone().all(|&other| {
                let together = reads.iter().all(|&(read, _)| !has(had(read), other.0) || has(had(read), one.0));
                together && in_order(one, other)
            })
        }),
        Guarantee::WritesFollowReads => reads.iter().all(|&(read, of)| {
            let later = writes.iter().filter(|write| in_session(atoms, of, write.1));
            later.clone().all(|&write| {
                let together = reads.iter().all(|&(who, _)| !has(had(who), write.0) || had(read) & !had(who) == 0);
                let seen = writes.iter().filter(|one| has(had(read), one.0));
                together && seen.clone().all(|&one| in_order(one, write))
            })
        }),
    })
}

#[test]
fn there_are_as_many_orders_as_there_are() {
    // Brinkmann, McKay 2002: labelled partial orders.
    let counts: Vec<usize> = (0..=5).map(|size| orders(size).len()).collect();
    assert_eq!(counts, [1, 1, 3, 19, 219, 4231]);
}
