//! The quick check where values tell who wrote them: near-linear, whatever the concurrency, and however many outcomes are unknown.
//!
//! A value that only one call can have made is there once, from that call on until another takes its place. So the call and all that found the value are a *block*:
//! nothing that makes another value comes between them. A compare-and-set that succeeded joins two of them into a chain. A call of unknown outcome belongs to a block if somebody found what it made;
//! else it need not have happened.
//!
//! A block must come before another one if some call of it returned before some call of the other was invoked: if its first return `f` is before the other's last
//! invocation `s`. That is a Ferrers relation, and so if it has a cycle, it has one of two blocks (Gibbons & Korach 1997, §4). Two blocks do that in one of two ways: their *forward zones* from `f` to `s`
//! overlap; or one has `s` before `f`, and this *backward zone* lies within the forward zone of the other. If none do, the blocks can follow each other by the later end of their zones.
//!
//! What is refuted here is refuted for good, also where values that several calls can have made are left out, and calls that only miss a value. What is ordered here is
//! linearizable; but that is only said if no value was left out, and all misses found a place. The rest is for the search.

use super::footprints::{Act, Deed, Number};

mod misses;

/// What the zones of calls show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Judgement {
    /// These few calls, in order, contradict each other.
    Conflict(Vec<u32>),
    /// The calls that happened, in an order that explains all of them.
    Order(Vec<u32>),
    /// Nothing.
    Unclear,
}

/// What is known of a value.
#[derive(Clone, Copy, Default, Debug)]
struct Value {
    maker: Maker,
    /// A call that found it for certain.
    finder: Option<u32>,
    /// The reader that returned first.
    first: Option<Event>,
    /// The reader that was invoked last.
    last: Option<Event>,
    /// The call that takes it for another.
    next: Option<u32>,
}

/// Who can have made a value.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
enum Maker {
    #[default]
    Nobody,
    /// It was there at first.
    Start,
    Call(u32),
    Several,
}

impl Maker {
    fn or(self, call: u32) -> Maker {
        if self == Maker::Nobody { Maker::Call(call) } else { Maker::Several }
    }
}

/// An invocation or a return.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Event {
    /// One more than its place in the history.
    order: u32,
    call: Option<u32>,
}

/// A block.
#[derive(Clone, Copy, Debug)]
struct Block {
    root: Root,
    /// The first return.
    f: Event,
    /// The last invocation.
    s: Event,
}

/// How a block begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Root {
    Start(Number),
    Call(u32),
}

/// Judges calls, in the order of their invocations, on an object that has `initial` as its first value, of so many values.
pub(super) fn judge(acts: &[Act], values: usize, initial: Number) -> Judgement {
    let mut zones = Zones { acts, values: vec![Value::default(); values], happened: Vec::new(), joined: 0, initial };
    zones.find_makers();
    if !zones.values.iter().any(Value::is_unique) {
        return Judgement::Unclear;
    }
    let blocks = zones.find_links().and_then(|()| zones.blocks()).and_then(|blocks| {
        zones.compare(&blocks)?;
        Ok(blocks)
    });
    match blocks {
        Err(mut calls) => {
            let proofs: Vec<u32> = calls.iter().flat_map(|&call| zones.proof(call)).collect();
            calls.extend(proofs);
            calls.sort_unstable();
            calls.dedup();
            Judgement::Conflict(calls)
        }
        Ok(blocks) if zones.are_complete() => {
            let order = zones.order(blocks);
            misses::placed(acts, initial, order).map_or(Judgement::Unclear, Judgement::Order)
        }
        Ok(_) => Judgement::Unclear,
    }
}

/// The few calls that contradict each other.
type Conflict = Vec<u32>;

struct Zones<'a> {
    acts: &'a [Act],
    values: Vec<Value>,
    /// By call: whether it made something for certain.
    happened: Vec<bool>,
    /// How many calls that happened take a unique value for another.
    joined: usize,
    initial: Number,
}

impl Value {
    /// Whether a single call can have made it, or none need have.
    fn is_unique(&self) -> bool {
        matches!(self.maker, Maker::Start | Maker::Call(_))
    }
}

impl Zones<'_> {
    fn act(&self, call: u32) -> Act {
        self.acts[call as usize]
    }

    fn value(&self, number: Number) -> &Value {
        &self.values[number as usize]
    }

    fn invocation(&self, call: u32) -> Event {
        Event { order: self.act(call).invoked + 1, call: Some(call) }
    }

    fn exit(&self, call: u32) -> Event {
        Event { order: self.act(call).returned.map_or(u32::MAX, |order| order + 1), call: Some(call) }
    }

    fn find_makers(&mut self) {
        self.values[self.initial as usize].maker = Maker::Start;
        for (call, act) in (0..).zip(self.acts).filter(|(_, act)| act.makes()) {
            let maker = &mut self.values[act.left as usize].maker;
            *maker = maker.or(call);
        }
    }

    /// Finds out which calls happened, and what takes which value for another.
    fn find_links(&mut self) -> Result<(), Conflict> {
        self.happened = self.acts.iter().map(|act| act.makes() && act.returned.is_some()).collect();
        let mut wanted = Vec::new();
        for (call, act) in (0..).zip(self.acts) {
            match act.deed {
                Deed::Errs if act.returned.is_some() => return Err(vec![call]),
                Deed::Finds => {
                    self.want(act.found, call, &mut wanted)?;
                    match act.makes() {
                        true => self.link(act.found, call)?,
                        false => self.read(act.found, call),
                    }
                }
                _ => {}
            }
        }
        // What was found was made; and what made it found what it takes.
        while let Some(call) = wanted.pop() {
            let act = self.act(call);
            if act.deed == Deed::Changes {
                self.want(act.found, call, &mut wanted)?;
                self.link(act.found, call)?;
            }
        }
        Ok(())
    }

    /// A call has found a value.
    fn want(&mut self, number: Number, finder: u32, wanted: &mut Vec<u32>) -> Result<(), Conflict> {
        self.values[number as usize].finder.get_or_insert(finder);
        match self.value(number).maker {
            Maker::Nobody => return Err(vec![finder]),
            Maker::Call(maker) if !self.happened[maker as usize] => {
                self.happened[maker as usize] = true;
                wanted.push(maker);
            }
            _ => {}
        }
        Ok(())
    }

    /// A call takes a value for another. Nobody else can, if there is no way back.
    fn link(&mut self, number: Number, call: u32) -> Result<(), Conflict> {
        if !self.value(number).is_unique() {
            return Ok(());
        }
        self.joined += 1;
        match self.values[number as usize].next.replace(call) {
            Some(other) => Err(vec![other, call]),
            None => Ok(()),
        }
    }

    fn read(&mut self, number: Number, call: u32) {
        let (returned, invoked) = (self.exit(call), self.invocation(call));
        let value = &mut self.values[number as usize];
        value.first = Some(value.first.map_or(returned, |first| first.min(returned)));
        value.last = Some(value.last.map_or(invoked, |last| last.max(invoked)));
    }

    /// All blocks. A call that makes a value which others can have made, too, is one by itself.
    fn blocks(&self) -> Result<Vec<Block>, Conflict> {
        let mut blocks = Vec::new();
        let mut joined = 0;
        if self.value(self.initial).is_unique() {
            blocks.push(self.block(Root::Start(self.initial), &mut joined)?);
        }
        let happened = (0..).zip(&self.happened).filter(|&(_, &happened)| happened);
        for (call, _) in happened {
            let act = self.act(call);
            if act.deed == Deed::Overwrites || !self.value(act.found).is_unique() {
                blocks.push(self.block(Root::Call(call), &mut joined)?);
            }
        }
        if joined < self.joined {
            // Values that are made of each other alone, in a ring.
            let reached = self.chains(&blocks);
            let ring = (0..).zip(&self.happened).filter(|&(call, &happened)| happened && !reached[call as usize]);
            return Err(ring.map(|(call, _)| call).collect());
        }
        Ok(blocks)
    }

    /// By call: whether it makes a value of some block.
    fn chains(&self, blocks: &[Block]) -> Vec<bool> {
        let mut reached = vec![false; self.acts.len()];
        for block in blocks {
            self.chain(block.root).filter_map(|(maker, _)| maker).for_each(|call| reached[call as usize] = true);
        }
        reached
    }

    /// The values of a block, with the calls that made them.
    fn chain(&self, root: Root) -> impl Iterator<Item = (Option<u32>, Option<Number>)> {
        let begin = match root {
            Root::Start(number) => (None, Some(number)),
            Root::Call(call) => (Some(call), self.unique_left(call)),
        };
        std::iter::successors(Some(begin), |(_, number)| {
            let next = self.value((*number)?).next?;
            Some((Some(next), self.unique_left(next)))
        })
    }

    fn unique_left(&self, call: u32) -> Option<Number> {
        let left = self.act(call).left;
        self.value(left).is_unique().then_some(left)
    }

    /// Follows a block from its root; nothing in it may come after what must follow it.
    fn block(&self, root: Root, joined: &mut usize) -> Result<Block, Conflict> {
        let start = Event { order: 0, call: None };
        let (mut f, mut s) = (Event { order: u32::MAX, call: None }, start);
        if let Root::Start(_) = root {
            f = start;
        }
        for (maker, number) in self.chain(root) {
            if let Some(maker) = maker {
                let (begin, end) = (self.invocation(maker), self.exit(maker));
                if end < s {
                    return Err(self.story(root, &[s, end]));
                }
                (f, s) = (f.min(end), s.max(begin));
                *joined += usize::from(Root::Call(maker) != root);
            }
            let value = number.map(|number| self.value(number));
            if let Some((first, last)) = value.and_then(|value| value.first.zip(value.last)) {
                if first < s {
                    return Err(self.story(root, &[s, first]));
                }
                (f, s) = (f.min(first), s.max(last));
            }
        }
        Ok(Block { root, f, s })
    }

    /// No two blocks must come before each other, and no call that misses a value lies where it must be.
    fn compare(&self, blocks: &[Block]) -> Result<(), Conflict> {
        let mut forward: Vec<&Block> = blocks.iter().filter(|block| block.f < block.s).collect();
        forward.sort_unstable_by_key(|block| block.f.order);
        if let Some(pair) = forward.windows(2).find(|pair| pair[1].f < pair[0].s) {
            return Err(self.both(pair[0], pair[1]));
        }
        for block in blocks.iter().filter(|block| block.s < block.f) {
            let before = forward.partition_point(|other| other.f < block.s);
            if let Some(other) = before.checked_sub(1).map(|at| forward[at]).filter(|other| block.f < other.s) {
                return Err(self.both(other, block));
            }
        }
        (0..).zip(self.acts).filter(|(_, act)| act.deed == Deed::Misses).try_for_each(|(call, act)| {
            let value = self.value(act.found);
            let (first, last) = match (value.maker, value.first, value.last) {
                (Maker::Start, _, Some(last)) => (Event { order: 0, call: None }, last),
                (Maker::Call(maker), Some(first), Some(last)) => {
                    (first.min(self.exit(maker)), last.max(self.invocation(maker)))
                }
                _ => return Ok(()),
            };
            let within = first < self.invocation(call) && self.exit(call) < last;
            if within { Err([first.call, last.call, Some(call)].into_iter().flatten().collect()) } else { Ok(()) }
        })
    }

    fn both(&self, one: &Block, other: &Block) -> Conflict {
        let mut calls = self.story(one.root, &[one.f, one.s]);
        calls.extend(self.story(other.root, &[other.f, other.s]));
        calls
    }

    /// The calls of these events of a block, with what makes them belong together.
    fn story(&self, root: Root, events: &[Event]) -> Conflict {
        let named: Vec<u32> = events.iter().filter_map(|event| event.call).collect();
        let chain: Vec<_> = self.chain(root).collect();
        let is_at = |&(maker, number): &(Option<u32>, Option<Number>)| {
            named
                .iter()
                .any(|&call| maker == Some(call) || (number == Some(self.act(call).found) && !self.act(call).makes()))
        };
        let begin = if root == Root::Start(self.initial) { Some(0) } else { chain.iter().position(is_at) };
        let end = chain.iter().rposition(is_at);
        let mut calls = named.clone();
        for &(maker, _) in &chain[begin.unwrap_or(0)..=end.unwrap_or(0)] {
            calls.extend(maker);
        }
        calls
    }

    /// If a call did not return: those who show that it happened.
    fn proof(&self, call: u32) -> impl Iterator<Item = u32> {
        let finder = |call: u32| match self.act(call).returned {
            None => self.value(self.act(call).left).finder,
            Some(_) => None,
        };
        std::iter::successors(finder(call), move |&call| finder(call))
    }

    /// Whether the blocks say all that there is to say, but for calls that miss a value.
    fn are_complete(&self) -> bool {
        self.values.iter().all(|value| value.finder.is_none() || value.is_unique())
    }

    /// All calls that happened, block by block.
    fn order(&self, mut blocks: Vec<Block>) -> Vec<u32> {
        blocks.sort_unstable_by_key(|block| block.f.order.max(block.s.order));
        let mut ends = vec![0_usize; self.values.len() + 1];
        let readers = || (0_u32..).zip(self.acts).filter(|(_, act)| act.deed == Deed::Finds && !act.makes());
        for (_, act) in readers() {
            ends[act.found as usize + 1] += 1;
        }
        for number in 1..ends.len() {
            ends[number] += ends[number - 1];
        }
        let (begins, mut filled) = (ends.clone(), ends);
        let mut of_value = vec![0; begins[self.values.len()]];
        for (call, act) in readers() {
            let at = &mut filled[act.found as usize];
            of_value[*at] = call;
            *at += 1;
        }
        let mut order = Vec::with_capacity(self.acts.len());
        for block in &blocks {
            for (maker, number) in self.chain(block.root) {
                order.extend(maker);
                if let Some(number) = number.map(|number| number as usize) {
                    order.extend_from_slice(&of_value[begins[number]..begins[number + 1]]);
                }
            }
        }
        order
    }
}
