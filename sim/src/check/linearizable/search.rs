//! The search for a linearization: depth first, with a memo, without recursion.
//!
//! It is Wing & Gong's (1993) with Lowe's (2017) memo, made lazier and more knowing. It goes from return to return
//! ("just in time"): a call is linearized no earlier than the first return that waits for it. Calls that observe are
//! linearized as soon as they are legal, which takes nothing from anybody. Of calls that can stand for each other, the one
//! that returns first goes first. Calls that never return are used when nothing else helps. Where only one
//! thing can be done, nothing is remembered; and the memo holds only what has failed, so a history that
//! is found linearizable straight away costs no hashing at all.

use super::memo::{Fingerprint, OutOfMemory};
use super::model::Model;
use super::stacks::{Frame, Move, Queue, Stacks, reserve};
use super::timeline::{Entry, Exit};
use super::{Budget, Reason};

/// What a search has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Decision {
    /// There is a linearization.
    Linearizable,
    /// There is none. The history up to the return after this many can have one.
    Violation { explained: usize },
    /// The budget ran out. The history up to this many returns has one.
    Inconclusive { reason: Reason, explained: usize },
}

/// What stands before the first return.
struct Window {
    /// The call that returns.
    due: u32,
    /// The place of its return.
    place: u32,
    /// How many calls that do not observe are open.
    rivals: usize,
    /// The spare call that returns first.
    spare: Option<u32>,
}

/// Searches for a linearization of calls, given the moments of their invocations and returns in the order of invocations.
/// Takes the states that it visits off the budget.
pub(super) fn search<M: Model>(
    model: &mut M,
    moments: impl Iterator<Item = (u32, Option<u32>)>,
    stacks: &mut Stacks<M::State>,
    budget: &mut Budget,
) -> Decision {
    let Some(state) = model.initial() else {
        return Decision::Violation { explained: 0 };
    };
    stacks.clear();
    stacks.timeline.fill(moments);
    let mut search = Search { model, stacks, budget, state, done: Fingerprint::default(), furthest: 0, lists: 0 };
    search.queue_open_calls();
    let found = search.run();
    let explained = search.stacks.timeline.returns_before(search.furthest);
    match found {
        Ok(true) => Decision::Linearizable,
        Ok(false) => Decision::Violation { explained },
        Err(reason) => Decision::Inconclusive { reason, explained },
    }
}

struct Search<'a, M: Model> {
    model: &'a mut M,
    stacks: &'a mut Stacks<M::State>,
    budget: &'a mut Budget,
    state: M::State,
    /// The calls that return and are linearized.
    done: Fingerprint,
    /// The place of the last return that nothing has got past.
    furthest: u32,
    /// How many lists of moves there have been.
    lists: u64,
}

impl<M: Model> Search<'_, M> {
    fn run(&mut self) -> Result<bool, Reason> {
        while let Some(window) = self.settle() {
            let place = window.place;
            let went_on = if self.is_too_late(&window) { Ok(false) } else { self.go_on(&window) };
            match went_on {
                Ok(true) => {}
                Ok(false) => {
                    self.furthest = self.furthest.max(place);
                    if !self.go_back()? {
                        return Ok(false);
                    }
                }
                Err(reason) => {
                    self.furthest = self.furthest.max(place);
                    return Err(reason);
                }
            }
        }
        Ok(true)
    }

    /// Linearizes every open observer that is legal now, and looks as far as the first return that is left, if any.
    fn settle(&mut self) -> Option<Window> {
        let mut rivals = 0;
        let mut spare: Option<(Exit, u32)> = None;
        let (mut place, mut entry) = self.stacks.timeline.first();
        loop {
            match entry {
                Entry::Head => return None,
                Entry::Return(due) => {
                    return Some(Window { due, place, rivals, spare: spare.map(|(_, call)| call) });
                }
                Entry::Invocation(call) if self.model.observes(call) => {
                    if self.model.step(&mut self.state, call) {
                        self.take(Move::Call(call));
                    }
                }
                Entry::Invocation(call) => {
                    rivals += 1;
                    if self.model.is_spare(call) {
                        let this = (self.stacks.timeline.spot(call).exit, call);
                        spare = Some(spare.map_or(this, |other| other.min(this)));
                    }
                }
            }
            (place, entry) = self.stacks.timeline.after(place);
        }
    }

    /// Whether some call cannot be carried out any more: an open one, or one that returns soon. The first observer to
    /// return says most about the state that is needed, so this looks no farther.
    fn is_too_late(&self, window: &Window) -> bool {
        let timeline = &self.stacks.timeline;
        let (mut place, mut entry) = timeline.first();
        loop {
            let (call, last) = match entry {
                Entry::Head => return false,
                Entry::Invocation(call) => (call, false),
                Entry::Return(call) => (call, place >= window.place && self.model.observes(call)),
            };
            if self.model.too_late(&self.state, call) {
                return true;
            }
            if last {
                return false;
            }
            (place, entry) = timeline.after(place);
        }
    }

    /// Does what seems best at a return that waits. Says whether anything could be done.
    fn go_on(&mut self, window: &Window) -> Result<bool, Reason> {
        let due = window.due;
        let due_observes = self.model.observes(due);
        if window.rivals + usize::from(due_observes) == 1 && !self.has_open_call(window.place) {
            return self.attempt(Move::Call(due));
        }
        let fingerprint = self.fingerprint();
        if let Some(fingerprint) = fingerprint
            && self.stacks.memo.fails(fingerprint, &self.stacks.used)
        {
            return Ok(false);
        }
        // Whatever an overwrite hides, nobody sees: so a spare call goes in right before it, and is done with.
        let tried = window.spare.filter(|_| self.model.overwrites(due)).unwrap_or(due);
        self.push_frame(due, tried)?;
        Ok(!due_observes && self.attempt(Move::Call(tried))?)
    }

    /// Goes back to the last place where something else can be done, and does it. Says whether there is one.
    fn go_back(&mut self) -> Result<bool, Reason> {
        while let Some(frame) = self.stacks.frames.last() {
            let (trail, listed) = (frame.trail, frame.moves);
            self.state.clone_from(&frame.state);
            self.take_back(trail);
            let moves = match listed {
                Some(moves) => moves,
                None => self.list_moves()?,
            };
            while self.stacks.moves.len() > moves {
                let next = self.stacks.moves.pop().expect("there are more than none");
                if self.attempt(next)? && !self.is_idle(next) {
                    return Ok(true);
                }
                self.take_back(trail);
                let frame = self.stacks.frames.last().expect("it is still there");
                self.state.clone_from(&frame.state);
            }
            let fingerprint = self.done.with(self.model.digest(&self.state));
            let room = self.room();
            self.stacks.memo.insert(fingerprint, &self.stacks.used, room)?;
            self.stacks.owned_bytes -= self.model.owned_bytes(&self.state);
            self.stacks.frames.pop();
        }
        Ok(false)
    }

    /// Whether a move that has just been made changed nothing and was not owed.
    fn is_idle(&self, made: Move) -> bool {
        let before = self.stacks.frames.last().map(|frame| &frame.state);
        matches!(made, Move::Open(_)) && before == Some(&self.state)
    }

    /// The fingerprint of what is done and the state, unless the memo is empty.
    fn fingerprint(&self) -> Option<Fingerprint> {
        (!self.stacks.memo.is_empty()).then(|| self.done.with(self.model.digest(&self.state)))
    }

    fn room(&self) -> u64 {
        self.budget.bytes.saturating_sub(self.stacks.bytes())
    }

    fn push_frame(&mut self, due: u32, tried: u32) -> Result<(), Reason> {
        let owned = self.model.owned_bytes(&self.state);
        if self.stacks.frames.len() == self.stacks.frames.capacity() || owned > 0 {
            let room = self.room().checked_sub(owned).ok_or(OutOfMemory)?;
            reserve(&mut self.stacks.frames, 1, room)?;
        }
        self.stacks.owned_bytes += owned;
        let trail = self.stacks.trail.len();
        self.stacks.frames.push(Frame { state: self.state.clone(), trail, due, tried, moves: None });
        Ok(())
    }

    /// Makes a move, if it is legal.
    fn attempt(&mut self, next: Move) -> Result<bool, Reason> {
        self.budget.states = self.budget.states.checked_sub(1).ok_or(Reason::States)?;
        let call = self.call_of(next);
        let legal = self.model.step(&mut self.state, call);
        if legal {
            if self.stacks.trail.len() == self.stacks.trail.capacity() {
                let room = self.room();
                reserve(&mut self.stacks.trail, 1, room)?;
            }
            self.take(next);
        }
        Ok(legal)
    }

    /// Notes a move whose step has been taken.
    fn take(&mut self, made: Move) {
        self.stacks.trail.push(made);
        match made {
            Move::Call(call) => {
                self.stacks.timeline.lift(call);
                self.done.toggle(call);
            }
            Move::Open(queue) => {
                let call = self.call_of(made);
                self.stacks.queues[queue as usize].used += 1;
                let at = self.stacks.used.partition_point(|&other| other < call);
                self.stacks.used.insert(at, call);
            }
        }
    }

    /// Takes moves back until the trail is this long. The state is restored by others.
    fn take_back(&mut self, trail: usize) {
        while self.stacks.trail.len() > trail {
            let made = self.stacks.trail.pop().expect("it is longer than nothing");
            let call = match made {
                Move::Call(call) => {
                    self.stacks.timeline.put_back(call);
                    self.done.toggle(call);
                    call
                }
                Move::Open(queue) => {
                    self.stacks.queues[queue as usize].used -= 1;
                    let call = self.call_of(made);
                    self.stacks.used.retain(|&other| other != call);
                    call
                }
            };
            self.model.undo(call);
        }
    }

    fn call_of(&self, of: Move) -> u32 {
        match of {
            Move::Call(call) => call,
            Move::Open(queue) => {
                let queue = &self.stacks.queues[queue as usize];
                queue.calls[queue.used]
            }
        }
    }

    fn queue_open_calls(&mut self) {
        let Stacks { timeline, queues, .. } = &mut *self.stacks;
        let mut open: Vec<(u32, u32)> = timeline
            .never_returning()
            .filter(|&call| !self.model.is_useless(call))
            .map(|call| (self.model.class(call), call))
            .collect();
        open.sort_unstable();
        for of_class in open.chunk_by(|(class, _), (other, _)| class == other) {
            let calls = of_class.iter().map(|&(_, call)| call).collect();
            queues.push(Queue { class: of_class[0].0, calls, used: 0 });
        }
    }

    /// Whether some queue has a call that was invoked before this place.
    fn has_open_call(&self, place: u32) -> bool {
        (0..).zip(&self.stacks.queues).any(|(_, queue)| self.is_ready(queue, place))
    }

    fn is_ready(&self, queue: &Queue, place: u32) -> bool {
        queue.calls.get(queue.used).is_some_and(|&call| self.stacks.timeline.spot(call).invocation < place)
    }

    /// Lists what can be done at the last frame besides what was tried there, the best last. Says where the list begins.
    fn list_moves(&mut self) -> Result<usize, Reason> {
        self.lists += 1;
        let room = self.room();
        let (due, tried) = self.stacks.frames.last().map(|frame| (frame.due, frame.tried)).expect("there is one");
        let Stacks { timeline, moves, queues, listed, .. } = &mut *self.stacks;
        if listed.is_empty() {
            reserve(listed, self.model.classes(), room)?;
            listed.resize(self.model.classes(), 0);
        }
        let begin = moves.len();
        let mut calls = Vec::new();
        let (mut place, mut entry) = timeline.first();
        while let Entry::Invocation(call) = entry {
            if !self.model.observes(call) {
                calls.push(call);
            }
            (place, entry) = timeline.after(place);
        }
        // Of a class, only the call that returns first; and those before the calls that never do.
        calls.sort_unstable_by_key(|&call| timeline.spot(call).exit);
        let mut is_new = |class: u32| std::mem::replace(&mut listed[class as usize], self.lists) != self.lists;
        calls.retain(|&call| is_new(self.model.class(call)) && call != tried);
        let returning = calls.iter().map(|&call| (call, Move::Call(call)));
        let open = (0..).zip(&*queues).filter_map(|(number, queue)| {
            let call = *queue.calls.get(queue.used)?;
            let ready = timeline.spot(call).invocation < place && is_new(queue.class);
            ready.then_some((call, Move::Open(number)))
        });
        let timely = returning.chain(open).filter(|&(call, _)| call == due || self.model.is_timely(call, due));
        let (serving, others): (Vec<_>, Vec<_>) = timely.partition(|&(call, _)| self.model.serves(call, due));
        reserve(moves, serving.len() + others.len(), room)?;
        moves.extend(others.iter().rev().map(|&(_, made)| made));
        moves.extend(serving.iter().rev().map(|&(_, made)| made));
        self.stacks.frames.last_mut().expect("there is one").moves = Some(begin);
        Ok(begin)
    }
}
