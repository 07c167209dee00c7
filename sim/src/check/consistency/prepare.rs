//! A history made ready: contents numbered, reads matched with writes, operations of unknown outcome kept only if somebody met them.

use std::collections::BTreeMap;

use super::history::{Action, Call, Content, Key, Process};

/// What an operation found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// It did not look.
    Nothing,
    /// This content.
    Is(u32),
    /// Any but this.
    Not(u32),
}

/// An operation that may have happened, and matters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Op {
    /// Its place in the history.
    pub(super) place: u32,
    /// Its chain, and its place there.
    pub(super) chain: u32,
    pub(super) at: u32,
    pub(super) key: u32,
    pub(super) found: Found,
    pub(super) put: Option<u32>,
    /// Whether it was answered.
    pub(super) answered: bool,
    /// Whether it happened for all that is known: it was answered, or somebody found what it put. If two put the same, it may have been the other.
    pub(super) revealed: bool,
}

/// Operations one after another: all that a process was answered, or a single one that was not answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    pub(super) ops: Vec<u32>,
    /// The chain, and how many of its operations come before this one.
    pub(super) after: Option<(u32, u32)>,
}

/// Why contents do not tell who was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ambiguity {
    /// Who found it: a place in the history.
    pub(super) reader: u32,
    /// Who put it. If it is the only one, then objects hold this at first, too.
    pub(super) first: u32,
    /// Who put it, too.
    pub(super) second: Option<u32>,
}

/// A history whose objects, contents and chains have numbers from 0.
#[derive(Clone, Debug, Default)]
pub(super) struct Prepared {
    pub(super) ops: Vec<Op>,
    pub(super) chains: Vec<Chain>,
    /// By object: what it holds at first.
    pub(super) initial: Vec<u32>,
    /// By content: who puts it, in order.
    pub(super) writers: Vec<Vec<u32>>,
    /// By content: who finds it, in order.
    pub(super) readers: Vec<Vec<u32>>,
    /// By object: whether some answer says only what was not found there.
    pub(super) vague: Vec<bool>,
    pub(super) ambiguity: Option<Ambiguity>,
}

/// Numbers for contents; the same content of two objects has two.
#[derive(Default)]
struct Contents {
    numbers: BTreeMap<(u32, Content), u32>,
    /// By content: its object.
    keys: Vec<u32>,
}

impl Contents {
    fn number(&mut self, key: u32, content: Content) -> u32 {
        let next = self.keys.len() as u32;
        let number = *self.numbers.entry((key, content)).or_insert(next);
        if number == next {
            self.keys.push(key);
        }
        number
    }
}

impl Prepared {
    /// Takes O(n log n) for n operations.
    pub(super) fn new(history: &[Call]) -> Prepared {
        let mut prepared = Prepared::default();
        let mut contents = Contents::default();
        let mut keys: BTreeMap<Key, u32> = BTreeMap::new();
        for (place, call) in (0..).zip(history).filter(|(_, call)| call.answered || !call.action.is_read()) {
            let key = *keys.entry(call.key).or_insert(prepared.initial.len() as u32);
            if key as usize == prepared.initial.len() {
                prepared.initial.push(contents.number(key, None));
                prepared.vague.push(false);
            }
            let (found, put) = match call.action {
                Action::Read(found) => (Found::Is(contents.number(key, found)), None),
                Action::Write(put) => (Found::Nothing, Some(contents.number(key, put))),
                Action::Swap { found, put } => {
                    (Found::Is(contents.number(key, found)), Some(contents.number(key, put)))
                }
                Action::Differs(other) => (Found::Not(contents.number(key, other)), None),
            };
            prepared.vague[key as usize] |= matches!(found, Found::Not(_));
            let answered = call.answered;
            prepared.ops.push(Op { place, chain: 0, at: 0, key, found, put, answered, revealed: answered });
        }
        prepared.drop_unmet(contents.keys.len());
        prepared.match_reads(contents.keys.len());
        prepared.ambiguity = prepared.ambiguous();
        prepared.make_chains(history);
        prepared
    }

    /// Drops those who were not answered and whom nobody can have met: they can be left out of every explanation. Marks those who were met.
    fn drop_unmet(&mut self, contents: usize) {
        let mut unanswered: Vec<Vec<u32>> = vec![Vec::new(); contents];
        let mut kept: Vec<bool> = Vec::with_capacity(self.ops.len());
        // Contents that somebody found who happened; and those that somebody found who may have.
        let (mut met, mut wanted) = (Vec::new(), Vec::new());
        for (at, op) in (0..).zip(&self.ops) {
            // Where an answer only says what was not found, it may have been any of these.
            let keep = op.answered || self.vague[op.key as usize];
            kept.push(keep);
            if let (false, Some(put)) = (op.answered, op.put) {
                unanswered[put as usize].push(at);
            }
            if let (true, Found::Is(found)) = (keep, op.found) {
                (if op.answered { &mut met } else { &mut wanted }).push(found);
            }
        }
        while let Some(content) = met.pop() {
            for &writer in &unanswered[content as usize] {
                let op = &mut self.ops[writer as usize];
                if !std::mem::replace(&mut op.revealed, true) {
                    kept[writer as usize] = true;
                    met.extend(op.finds());
                }
            }
        }
        while let Some(content) = wanted.pop() {
            for &writer in &unanswered[content as usize] {
                if !std::mem::replace(&mut kept[writer as usize], true) {
                    wanted.extend(self.ops[writer as usize].finds());
                }
            }
        }
        let mut kept = kept.into_iter();
        self.ops.retain(|_| kept.next().unwrap_or(false));
    }

    fn match_reads(&mut self, contents: usize) {
        self.writers = vec![Vec::new(); contents];
        self.readers = vec![Vec::new(); contents];
        for (at, op) in (0..).zip(&self.ops) {
            if let Some(put) = op.put {
                self.writers[put as usize].push(at);
            }
            if let Found::Is(found) = op.found {
                self.readers[found as usize].push(at);
            }
        }
    }

    fn ambiguous(&self) -> Option<Ambiguity> {
        self.ops.iter().filter(|op| op.revealed).find_map(|op| {
            let content = op.finds()?;
            let place = |&at: &u32| self.ops[at as usize].place;
            let writers = &self.writers[content as usize];
            let from = usize::from(self.initial[op.key as usize] == content);
            (writers.len() + from > 1).then(|| Ambiguity {
                reader: op.place,
                first: place(&writers[0]),
                second: writers.get(1).map(place),
            })
        })
    }

    fn make_chains(&mut self, history: &[Call]) {
        let mut processes: BTreeMap<Process, u32> = BTreeMap::new();
        for (number, op) in (0..).zip(&mut self.ops) {
            let process = history[op.place as usize].process;
            let next = self.chains.len() as u32;
            let chain = if op.answered { *processes.entry(process).or_insert(next) } else { next };
            if chain == next {
                let before = processes.get(&process).filter(|_| !op.answered);
                let after = before.map(|&of| (of, self.chains[of as usize].ops.len() as u32));
                self.chains.push(Chain { ops: Vec::new(), after });
            }
            let ops = &mut self.chains[chain as usize].ops;
            (op.chain, op.at) = (chain, ops.len() as u32);
            ops.push(number);
        }
    }
}

impl Prepared {
    /// Whether an operation found what nobody can have put.
    pub(super) fn is_from_nowhere(&self, op: &Op) -> bool {
        let nobody = |content: u32| self.writers[content as usize].is_empty();
        op.finds().is_some_and(|content| nobody(content) && self.initial[op.key as usize] != content)
    }
}

impl Op {
    /// The content that it found, if it is known.
    pub(super) fn finds(&self) -> Option<u32> {
        match self.found {
            Found::Is(content) => Some(content),
            Found::Nothing | Found::Not(_) => None,
        }
    }
}
