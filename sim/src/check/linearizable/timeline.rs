//! Invocations and returns of one key in their order, in a list from which linearized calls are lifted out
//! (Wing & Gong 1993, §4; the list is Knuth's "dancing links": what is lifted last is put back first).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The list. Calls that never return are not in it: they are [`Exit::Never`] due.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// The entries by place, threaded into a ring through [`HEAD`].
    links: Vec<Link>,
    spots: Vec<Spot>,
    /// The calls that are open at a moment while the list is made, the next to return first.
    open: BinaryHeap<Reverse<(u32, u32)>>,
}

/// The place in the ring before the first entry and after the last.
const HEAD: u32 = 0;

#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
    entry: Entry,
}

/// An event of the history.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry {
    /// The ring's own, no event.
    Head,
    /// A call's invocation.
    Invocation(u32),
    /// A call's return.
    Return(u32),
}

/// Where a call stands in the list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// The place of its invocation; of the last entry before that, if it never returns.
    pub(super) invocation: u32,
    pub(super) exit: Exit,
}

/// Whether and where a call returns.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Exit {
    /// At this place.
    Return(u32),
    /// Never.
    Never,
}

impl Timeline {
    /// Makes the list anew from the moments of invocation and return of each call, in the order of invocations.
    pub(super) fn fill(&mut self, calls: impl Iterator<Item = (u32, Option<u32>)>) {
        self.links.clear();
        self.spots.clear();
        self.links.push(Link { before: HEAD, after: HEAD, entry: Entry::Head });
        for (call, (invoked, returned)) in (0..).zip(calls) {
            while let Some(&Reverse((order, other))) = self.open.peek()
                && order < invoked
            {
                self.open.pop();
                self.append_return(other);
            }
            let exit = match returned {
                Some(order) => {
                    self.append(Entry::Invocation(call));
                    self.open.push(Reverse((order, call)));
                    // Its return is appended, and this corrected, when its turn comes.
                    Exit::Return(HEAD)
                }
                None => Exit::Never,
            };
            self.spots.push(Spot { invocation: self.links.len() as u32 - 1, exit });
        }
        while let Some(Reverse((_, other))) = self.open.pop() {
            self.append_return(other);
        }
        let last = self.links.len() as u32 - 1;
        self.links[HEAD as usize].before = last;
        self.links[last as usize].after = HEAD;
    }

    fn append(&mut self, entry: Entry) {
        let place = self.links.len() as u32;
        self.links.push(Link { before: place - 1, after: place + 1, entry });
        self.links[HEAD as usize].after = 1;
    }

    fn append_return(&mut self, call: u32) {
        self.spots[call as usize].exit = Exit::Return(self.links.len() as u32);
        self.append(Entry::Return(call));
    }

    /// The first entry that has not been lifted: its place, and what it is.
    pub(super) fn first(&self) -> (u32, Entry) {
        self.after(HEAD)
    }

    /// The next entry after the one at `place` that has not been lifted.
    pub(super) fn after(&self, place: u32) -> (u32, Entry) {
        let after = self.links[place as usize].after;
        (after, self.links[after as usize].entry)
    }

    pub(super) fn spot(&self, call: u32) -> Spot {
        self.spots[call as usize]
    }

    /// The calls that never return, in the order of invocations.
    pub(super) fn never_returning(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.spots).filter(|(_, spot)| spot.exit == Exit::Never).map(|(call, _)| call)
    }

    /// How many calls returned before `place`, in the whole list.
    pub(super) fn returns_before(&self, place: u32) -> usize {
        self.links[..place as usize].iter().filter(|link| matches!(link.entry, Entry::Return(_))).count()
    }

    /// Takes a call that returns out of the list.
    pub(super) fn lift(&mut self, call: u32) {
        let spot = self.spots[call as usize];
        // The return goes first, so that the invocation still leads to the entry after both.
        if let Exit::Return(place) = spot.exit {
            self.unlink(place);
            self.unlink(spot.invocation);
        }
    }

    /// Puts the call that was lifted last back.
    pub(super) fn put_back(&mut self, call: u32) {
        let spot = self.spots[call as usize];
        if let Exit::Return(place) = spot.exit {
            self.relink(spot.invocation);
            self.relink(place);
        }
    }

    fn unlink(&mut self, place: u32) {
        let Link { before, after, .. } = self.links[place as usize];
        self.links[before as usize].after = after;
        self.links[after as usize].before = before;
    }

    fn relink(&mut self, place: u32) {
        let Link { before, after, .. } = self.links[place as usize];
        self.links[before as usize].after = place;
        self.links[after as usize].before = place;
    }
}
