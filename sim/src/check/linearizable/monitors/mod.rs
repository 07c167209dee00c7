//! The quick checks of queues and stacks whose values are put in at most once each: near-linear, whatever the concurrency.
//!
//! Both look at each value's four moments: its put is invoked at `a` and returns at `b`, its take is invoked at `c` and returns at `d`. Between `b` and `c`, if `b` is before `c`, the
//! value is inside for certain; that is its *zone*. So something was found empty at a moment in no zone, and if it could be found empty at such a moment, nothing else is
//! lost by that: what has begun by then can be over by then, and the rest can come later. What remains is each discipline's own: see [`queue`] and [`stack`].
//!
//! Taking a value away, with its put and its take, leaves a linearizable history linearizable. So what is refuted of some values is refuted for good. What is ordered is linearizable; but
//! that is only said if no value was left out because several calls put it in.
//!
//! A put of unknown outcome happened if its value was taken; else it need not have. A take of unknown outcome may have taken any value that nobody is known to have taken. The monitors *lend* such takes to
//! values that cannot have stayed inside, and only to those. If that gives an order, it holds; and there is none if too few takes were lost, or invoked too late, however they are lent. Between these,
//! the search decides.
//!
//! Sources: Henzinger, Sezgin & Vafeiadis 2013 (*Aspect-oriented linearizability proofs*, Theorem 1: what can be wrong with a queue), Bouajjani, Emmi, Enea & Hamza 2015 (*On reducing linearizability to
//! state reachability*: the same for stacks), Lee & Mathur 2025 and Abdulla et al. 2025 (monitors that take value after value away). The treatment of unknown outcomes is ours, and so are the proofs in short
//! that the modules give.

mod cover;
mod empty;
mod peaks;
mod queue;
mod stack;

use super::calls::{Call, Fate};
use super::intern::Interner;
use super::zones::Judgement;
use crate::spec::{Discipline, Footprint, Passage, Spec};

/// A moment: events are at even ones, so that there is one between any two.
type Time = u64;

/// When something ends that happened and was not answered.
const OPEN: Time = Time::MAX - 3;
/// When something is taken that nobody takes.
const NEVER: Time = Time::MAX - 1;

/// A value, with all that is known of its put and its take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Item {
    /// The call that puts it in.
    put: u32,
    /// When that is invoked.
    a: Time,
    /// When that returns.
    b: Time,
    /// The call that takes it out.
    take: Option<u32>,
    /// When that is invoked.
    c: Time,
    /// When that returns. If nobody takes the value, both are at the end, this one last.
    d: Time,
}

impl Item {
    /// Lets a take of unknown outcome have taken it.
    fn lend(&mut self, lost: Lost) {
        (self.take, self.c, self.d) = (Some(lost.call), lost.from, OPEN);
    }

    /// The calls that are about it.
    fn calls(&self) -> impl Iterator<Item = u32> + use<> {
        [self.put].into_iter().chain(self.take)
    }
}

/// A call that found nothing to take.
#[derive(Clone, Copy, Debug)]
struct Empty {
    call: u32,
    from: Time,
    to: Time,
}

/// A take of unknown outcome.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Lost {
    from: Time,
    call: u32,
}

/// What went through a buffer.
#[derive(Debug)]
pub(super) struct Buffer {
    discipline: Discipline,
    /// By value: who puts it in, and who takes it out.
    items: Vec<Item>,
    empties: Vec<Empty>,
    lost: Vec<Lost>,
    /// Whether these are all values.
    complete: bool,
}

/// Why there is no order.
#[derive(Debug)]
enum Stuck {
    /// These few calls contradict each other; or all do, and that is all that can be said.
    Contradiction(Conflict),
    /// Lost takes may have been lent wrongly.
    Unclear,
}

/// The few calls that contradict each other.
type Conflict = Vec<u32>;

/// What the calls on a buffer show; nothing if they are on something else.
pub(super) fn judge<S: Spec>(calls: &[Call<'_, S>]) -> Option<Judgement> {
    let (discipline, passages) = passages(calls)?;
    Some(match Buffer::new(discipline, calls, &passages) {
        Ok(buffer) => buffer.judge(),
        Err(conflict) => Judgement::Conflict(sorted(conflict)),
    })
}

/// What each call did, if they are all on one kind of buffer.
pub(super) fn passages<S: Spec>(calls: &[Call<'_, S>]) -> Option<(Discipline, Vec<Passage>)> {
    let passage = |call: &Call<'_, S>| {
        let ret = match call.fate {
            Fate::Returned(_, ret) => Some(ret),
            Fate::Open => None,
            Fate::Probe(..) => return None,
        };
        match S::footprint(&call.operation.op, ret) {
            Footprint::Passes(discipline, passage) => Some((discipline, passage)),
            _ => None,
        }
    };
    let (discipline, _) = passage(calls.first()?)?;
    let same = |call| passage(call).filter(|&(other, _)| other == discipline).map(|(_, passage)| passage);
    Some((discipline, calls.iter().map(same).collect::<Option<_>>()?))
}

/// Who is known to have put a value in, and to have taken it out.
#[derive(Clone, Copy, Default, Debug)]
struct Known {
    put: Option<u32>,
    /// Whether others may have put it in, too.
    ambiguous: bool,
    take: Option<u32>,
    taken_again: Option<u32>,
}

impl Buffer {
    /// What went through a buffer, unless values contradict themselves.
    fn new<S: Spec>(discipline: Discipline, calls: &[Call<'_, S>], passages: &[Passage]) -> Result<Buffer, Conflict> {
        let from = |call: u32| 2 * Time::from(calls[call as usize].invoked());
        let to = |call: u32| calls[call as usize].returned().map_or(OPEN, |order| 2 * Time::from(order));
        let mut numbers = Interner::new(calls.len() / 2);
        let mut values: Vec<Known> = Vec::new();
        let mut buffer =
            Buffer { discipline, items: Vec::new(), empties: Vec::new(), lost: Vec::new(), complete: true };
        for (call, &passage) in (0..).zip(passages) {
            let (Passage::In(value) | Passage::Out(value)) = passage else {
                match passage {
                    Passage::Unheard => buffer.lost.push(Lost { from: from(call), call }),
                    _ => buffer.empties.push(Empty { call, from: from(call), to: to(call) }),
                }
                continue;
            };
            let number = numbers.number(value) as usize;
            values.resize(values.len().max(number + 1), Known::default());
            let known = &mut values[number];
            match passage {
                Passage::In(_) => known.ambiguous |= known.put.replace(call).is_some(),
                _ => known.taken_again = known.take.replace(call),
            }
        }
        for known in values {
            let (Some(put), false) = (known.put, known.ambiguous) else {
                if let (None, Some(take)) = (known.put, known.take) {
                    return Err(vec![take]);
                }
                buffer.complete = false;
                continue;
            };
            let (a, b) = (from(put), to(put));
            buffer.items.push(match (known.take, known.taken_again) {
                (Some(take), Some(again)) => return Err(vec![put, again, take]),
                (Some(take), None) if to(take) < a => return Err(vec![put, take]),
                (Some(take), None) => Item { put, a, b, take: Some(take), c: from(take), d: to(take) },
                (None, _) if b == OPEN => continue,
                (None, _) => Item { put, a, b, take: None, c: NEVER, d: Time::MAX },
            });
        }
        Ok(buffer)
    }

    fn judge(&self) -> Judgement {
        let certain = match self.lost.is_empty() {
            true => Ok(Vec::new()),
            false => {
                let taken = self.items.iter().filter(|item| item.take.is_some());
                self.arranged(taken.copied().collect(), &[])
            }
        };
        match certain.and_then(|_| self.arranged(self.items.clone(), &self.lost)) {
            Ok(order) if self.complete => Judgement::Order(order),
            Ok(_) | Err(Stuck::Unclear) => Judgement::Unclear,
            Err(Stuck::Contradiction(calls)) => Judgement::Conflict(sorted(calls)),
        }
    }

    /// The calls on these items, and those that found nothing, in an order that explains them.
    fn arranged(&self, items: Vec<Item>, lost: &[Lost]) -> Result<Vec<u32>, Stuck> {
        let moments = empty::moments(&items, &self.empties, lost)?;
        match self.discipline {
            Discipline::Queue => queue::arrange(items, &moments, lost),
            Discipline::Stack => stack::arrange(items, &moments, lost),
        }
    }
}

fn sorted(mut calls: Vec<u32>) -> Vec<u32> {
    calls.sort_unstable();
    calls.dedup();
    calls
}

/// The calls about a few of these items, whose zones leave nothing out from one moment to another. The zones of all leave nothing out.
fn chain<'a>(items: impl Iterator<Item = &'a Item>, from: Time, to: Time) -> Conflict {
    let mut zones: Vec<&Item> = items.filter(|item| item.b < item.c && item.b < to).collect();
    zones.sort_unstable_by_key(|item| item.b);
    let mut zones = zones.into_iter().peekable();
    let (mut reached, mut best): (Time, Option<&Item>) = (from, None);
    let mut calls = Vec::new();
    while reached < to {
        while let Some(item) = zones.next_if(|item| item.b <= reached) {
            best = best.filter(|best| best.c >= item.c).or(Some(item));
        }
        let Some(item) = best.filter(|best| best.c > reached) else { break };
        calls.extend(item.calls());
        reached = item.c;
    }
    calls
}
