//! Sequential consistency (Lamport 1979): one order of all operations on all objects, in which each process's are in its own order, explains all answers.
//!
//! It is not local, so objects cannot be looked at one by one, and it is NP-complete even if it is known who reads from whom (Gibbons, Korach 1997, Theorem 4.8). First
//! what must come before what is derived; if something must come before itself, that is a refutation, in polynomial time. Otherwise the derived order
//! prunes a search for an explanation: depth first over how far each process has come and what each object holds, which remembers where it has been.

use std::collections::BTreeSet;

use super::order::{Clocks, Events, Stop, Work};
use super::prepare::{Found, Op, Prepared};

/// What the search needs to know of the derived order: for each operation, how far each chain must have come.
pub(super) struct Derived {
    clocks: Clocks,
    /// By operation: its event.
    event: Vec<Option<u32>>,
    /// By chain, and by how many of its events have happened: how many of its operations have.
    ops: Vec<Vec<u32>>,
}

impl Derived {
    /// What was derived of the events of a history.
    pub(super) fn new(prepared: &Prepared, events: &Events, clocks: Clocks) -> Derived {
        let mut event = vec![None; prepared.ops.len()];
        (0..).zip(&events.all).for_each(|(number, of)| event[of.op as usize] = Some(number));
        let count = |chain: &Vec<u32>| {
            let ops = chain.iter().map(|&event| prepared.ops[events.all[event as usize].op as usize].at + 1);
            [0].into_iter().chain(ops).collect()
        };
        Derived { clocks, event, ops: events.chains.iter().map(count).collect() }
    }
}

/// Searches an order that explains the history. The operations of the order, or none if there is no such order.
///
/// # Errors
/// If a budget runs out.
pub(super) fn search(
    prepared: &Prepared,
    derived: Option<&Derived>,
    work: &mut Work,
) -> Result<Option<Vec<u32>>, Stop> {
    let mut state = State::new(prepared, derived);
    let mut seen: BTreeSet<u128> = BTreeSet::new();
    let mut frames: Vec<Frame> = Vec::new();
    loop {
        state.take_reads();
        if state.left == 0 {
            return Ok(Some(state.trail.iter().map(|step| step.op).collect()));
        }
        work.spend(1)?;
        let fresh = seen.insert(state.fingerprint);
        if (seen.len() * BYTES_A_STATE + frames.len() * BYTES_A_FRAME) as u64 > work.bytes {
            return Err(Stop::Bytes);
        }
        let choices = if fresh { state.choices() } else { Vec::new() };
        frames.push(Frame { taken: state.trail.len(), choices });
        // On to the next choice that there is.
        loop {
            let Some(frame) = frames.last_mut() else { return Ok(None) };
            state.back_to(frame.taken);
            match frame.choices.pop() {
                Some(choice) => {
                    state.choose(choice);
                    break;
                }
                None => drop(frames.pop()),
            }
        }
    }
}

/// What a member of a set of fingerprints takes, about, and a level of the search.
const BYTES_A_STATE: usize = 32;
const BYTES_A_FRAME: usize = 96;

/// A place to come back to.
struct Frame {
    /// How many operations have happened there.
    taken: usize,
    /// What may come next and was not tried, the last first.
    choices: Vec<u32>,
}

/// An operation that has happened, and what its object held before.
struct Step {
    op: u32,
    held: u32,
}

struct State<'p> {
    prepared: &'p Prepared,
    derived: Option<&'p Derived>,
    /// By chain: how many of its operations have happened.
    done: Vec<u32>,
    /// By object: what it holds.
    holds: Vec<u32>,
    /// By content: how many answered operations are still to find it, and how many operations may still put it.
    awaited: Vec<u32>,
    possible: Vec<u32>,
    /// How many answered operations are to happen still.
    left: usize,
    trail: Vec<Step>,
    /// Stands for `done` and `holds`: two states among a hundred million have the same with odds of 1 to 10^22.
    fingerprint: u128,
}

impl<'p> State<'p> {
    fn new(prepared: &'p Prepared, derived: Option<&'p Derived>) -> State<'p> {
        let answered = |readers: &Vec<u32>| readers.iter().filter(|&&op| prepared.ops[op as usize].answered).count();
        State {
            prepared,
            derived,
            done: vec![0; prepared.chains.len()],
            holds: prepared.initial.clone(),
            awaited: prepared.readers.iter().map(|readers| answered(readers) as u32).collect(),
            possible: prepared.writers.iter().map(|writers| writers.len() as u32).collect(),
            left: prepared.ops.iter().filter(|op| op.answered).count(),
            trail: Vec::new(),
            fingerprint: 0,
        }
    }

    /// The next operation of a chain, if it can happen now.
    fn next(&self, chain: usize) -> Option<(u32, &'p Op)> {
        let of = &self.prepared.chains[chain];
        let number = *of.ops.get(self.done[chain] as usize)?;
        let op = &self.prepared.ops[number as usize];
        if of.after.is_some_and(|(before, count)| self.done[before as usize] < count) {
            return None;
        }
        let holds = self.holds[op.key as usize];
        let matches = match op.found {
            Found::Nothing => true,
            Found::Is(content) => content == holds,
            Found::Not(content) => content != holds,
        };
        // Who overwrites what is still to be found, and will never be put again, goes nowhere.
        let own = u32::from(op.answered && op.finds().is_some());
        let lost = |put: u32| put != holds && self.awaited[holds as usize] > own && self.possible[holds as usize] == 0;
        (matches && !op.put.is_some_and(lost) && self.is_due(number)).then_some((number, op))
    }

    /// Whether all has happened that must before it.
    fn is_due(&self, op: u32) -> bool {
        let Some(derived) = self.derived else { return true };
        let Some(event) = derived.event[op as usize] else { return true };
        let mut chains = derived.clocks.row(event).iter().zip(&derived.ops).zip(&self.done);
        chains.all(|((&count, ops), &done)| ops[count as usize] <= done)
    }

    /// Lets all happen that changes nothing: it can wait for nothing better.
    fn take_reads(&mut self) {
        loop {
            let before = self.trail.len();
            for chain in 0..self.done.len() {
                while let Some((op, Op { put: None, .. })) = self.next(chain) {
                    self.take(op);
                }
            }
            if self.trail.len() == before {
                return;
            }
        }
    }

    /// All that can happen now, what was asked for first at the end.
    fn choices(&self) -> Vec<u32> {
        let mut choices: Vec<u32> =
            (0..self.done.len()).filter_map(|chain| self.next(chain)).map(|(op, _)| op).collect();
        choices.sort_unstable_by(|one, other| other.cmp(one));
        choices
    }

    /// Lets an operation happen. Before it overwrites an object, writes that nobody is to find can happen just as well: wherever else they come, nobody misses them there.
    fn choose(&mut self, choice: u32) {
        let Op { key, found, chain: own, put, .. } = self.prepared.ops[choice as usize];
        let vague = self.prepared.vague[key as usize];
        if found == Found::Nothing && !vague {
            for chain in (0..self.done.len()).filter(|&chain| chain != own as usize) {
                while let Some((op, &Op { key: of, found: Found::Nothing, put: Some(unread), .. })) = self.next(chain)
                    && of == key
                    && Some(unread) != put
                    && self.prepared.readers[unread as usize].is_empty()
                {
                    self.take(op);
                }
            }
        }
        self.take(choice);
    }

    fn take(&mut self, number: u32) {
        let op = &self.prepared.ops[number as usize];
        let held = self.holds[op.key as usize];
        self.trail.push(Step { op: number, held });
        self.count(op, true);
        if let Some(put) = op.put {
            self.hold(op.key, put);
        }
    }

    fn back_to(&mut self, taken: usize) {
        while self.trail.len() > taken {
            let Some(Step { op, held }) = self.trail.pop() else { return };
            let op = &self.prepared.ops[op as usize];
            self.hold(op.key, held);
            self.count(op, false);
        }
    }

    /// Counts an operation as one that has happened, or has not.
    fn count(&mut self, op: &Op, happened: bool) {
        let step = |count: &mut u32| if happened { *count -= 1 } else { *count += 1 };
        if op.answered {
            op.finds().into_iter().for_each(|content| step(&mut self.awaited[content as usize]));
            self.left = if happened { self.left - 1 } else { self.left + 1 };
        }
        op.put.into_iter().for_each(|content| step(&mut self.possible[content as usize]));
        let done = &mut self.done[op.chain as usize];
        self.fingerprint ^= mark(0, op.chain, *done);
        *done = if happened { *done + 1 } else { *done - 1 };
        self.fingerprint ^= mark(0, op.chain, *done);
    }

    fn hold(&mut self, key: u32, content: u32) {
        let held = std::mem::replace(&mut self.holds[key as usize], content);
        self.fingerprint ^= mark(1, key, held) ^ mark(1, key, content);
    }
}

/// A random-looking number for a part of a state; states are the sum of those of their parts in GF(2).
fn mark(kind: u64, place: u32, value: u32) -> u128 {
    let bits = (kind << 63) ^ (u64::from(place) << 32) ^ u64::from(value);
    let high = mix(bits.wrapping_add(0x9e37_79b9_7f4a_7c15));
    u128::from(high) << 64 | u128::from(mix(high ^ 0xd1b5_4a32_d192_ed03))
}

/// The finalizer of SplitMix64.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::history::{Action, Call, Key, Process};
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn a_state_has_one_fingerprint_however_it_was_reached_and_no_other_state_has_it() {
        let write = |at: u64| Call {
            process: Process(at % 4),
            key: Key(at / 4 % 2),
            action: Action::Write(Some(at % 5)),
            answered: true,
        };
        let history: Vec<Call> = (0..16).map(write).collect();
        let prepared = Prepared::new(&history);
        let mut rng = Seed(1).stream("walks");
        let (mut prints, mut states) = (BTreeMap::new(), BTreeMap::new());
        for _ in 0..500 {
            let mut state = State::new(&prepared, None);
            for _ in 0..40 {
                match rng.pick(&state.choices()) {
                    Some(&choice) if rng.below(4) > 0 => state.take(choice),
                    _ => state.back_to(rng.below(state.trail.len() as u64 + 1) as usize),
                }
                let known = (state.done.clone(), state.holds.clone());
                assert_eq!(*prints.entry(known.clone()).or_insert(state.fingerprint), state.fingerprint, "{known:?}");
                assert_eq!(*states.entry(state.fingerprint).or_insert(known.clone()), known);
            }
        }
        assert!(states.len() > 500, "{}", states.len());
    }

    #[test]
    fn marks_differ_in_both_halves_and_have_each_bit_as_often_as_not() {
        let parts = || (0..2).flat_map(|kind| (0..64).flat_map(move |place| (0..64).map(move |of| (kind, place, of))));
        let marks: Vec<u128> = parts().map(|(kind, place, value)| mark(kind, place, value)).collect();
        for half in [|mark: u128| (mark >> 64) as u64, |mark: u128| mark as u64] {
            let halves: BTreeSet<u64> = marks.iter().map(|&mark| half(mark)).collect();
            assert_eq!(halves.len(), marks.len());
            for bit in 0..64 {
                let set = halves.iter().filter(|half| **half & (1 << bit) != 0).count();
                assert!((3_900..4_300).contains(&set), "{bit}: {set} of {}", halves.len());
            }
        }
    }
}
