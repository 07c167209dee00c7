//! A coordinator: carries out the operations on keys for which this node is preferred.
//!
//! A get asks the first N healthy nodes of the key's preference list, puts together what the first R of them know, answers, and brings those up to it that knew
//! less (Dynamo §4.5, §5). A put asks in the same way, so as to know what it overwrites; then it gives the new version a name, keeps it here, and
//! sends it to the same nodes until W have it durably. A node that stands in for an owner is told for which (§4.6).

use std::collections::BTreeMap;

use shaketable_sim::id::{Key, NodeId, RequestId};
use shaketable_sim::node::{Ctx, Op};
use shaketable_sim::spec::{Footprint, Spec};

use super::membership::Epoch;
use super::types::{Call, Msg, Timer};
use super::versions::{Actor, Dot, Object, Versions};
use super::{Dynamo, Named, milestones};

/// An operation under way.
#[derive(Clone, Debug)]
pub(super) struct Task<S: Spec> {
    key: Key,
    request: RequestId,
    op: S::Op,
    /// By which ring its nodes are chosen. When another comes, they are all asked anew, under another call: what an answer to an earlier one says of places holds by the old ring.
    epoch: Epoch,
    step: Step<S::State>,
}

/// What a task is waiting for.
#[derive(Clone, Debug)]
enum Step<V> {
    /// What do R of the nodes know?
    Read { got: BTreeMap<NodeId, Object<V>> },
    /// Do W of the nodes have it, each in another owner's place? Two copies in one place become one when they are handed over.
    Write {
        dot: Dot,
        object: Object<V>,
        /// The nodes that keep it, and in whose place each has said that it does: what it was asked for last may be something else.
        kept: BTreeMap<NodeId, NodeId>,
    },
}

/// A node that is asked, and the owner in whose place it is.
pub(super) type Target = (NodeId, Option<NodeId>);

impl<S: Spec> Dynamo<S> {
    /// An operation that a client asks for.
    pub(super) fn coordinate(&mut self, request: RequestId, op: Op<Self>, ctx: &mut Ctx<'_, Self>) {
        if self.tasks.values().any(|task| task.request.op == request.op) {
            return; // Its client has lost patience; one answer is enough.
        }
        let writes = matches!(S::footprint(&op, None), Footprint::Overwrites(_));
        if !S::is_read(&op) && !writes {
            return ctx.reject(request, None); // What depends on the state that it finds needs consensus.
        }
        let key = S::key(&op);
        let targets = self.targets(key);
        if targets.iter().all(|&(node, _)| node != ctx.me()) {
            let hint = targets.iter().map(|&(node, _)| node).find(|&node| self.swim.is_healthy(node));
            return ctx.reject(request, hint);
        }
        let (epoch, step) = (self.preferences.epoch(), Step::Read { got: BTreeMap::new() });
        self.begin(Task { key, request, op, epoch, step }, ctx);
    }

    /// The first N healthy nodes of a key's preference list: its owners, and for those that are dead the next nodes that are not. If there are too few, owners that are dead
    /// are asked all the same.
    pub(super) fn targets(&mut self, key: Key) -> Vec<Target> {
        let list = self.preferences.list(key);
        let (owners, others) = list.split_at(self.config.replicas.min(list.len()));
        let mut stand_ins = others.iter().filter(|&&node| self.swim.is_healthy(node));
        let target = |&owner: &NodeId| match self.swim.is_healthy(owner) {
            true => (owner, None),
            false => stand_ins.next().map_or((owner, None), |&node| (node, Some(owner))),
        };
        owners.iter().map(target).collect()
    }

    pub(super) fn on_got(&mut self, from: NodeId, call: Call, object: Object<S::State>, ctx: &mut Ctx<'_, Self>) {
        let quorum = self.config.read_quorum;
        let Some(Task { key, step: Step::Read { got }, .. }) = self.tasks.get_mut(&call) else { return };
        let key = *key;
        got.insert(from, object.clone());
        let complete = got.len() >= quorum;
        self.doubt_ticket(key, &object);
        if !complete {
            return;
        }
        let Some(Task { key, request, op, epoch, step: Step::Read { got } }) = self.end(call, ctx) else { return };
        let mut read = Object::default();
        for object in got.values() {
            read.merge(object, self.config.versions, self.config.rules);
        }
        match S::footprint(&op, None) {
            Footprint::Overwrites(value) => {
                let (dot, object) = self.name(request, key, read, value, ctx);
                let step = Step::Write { dot, object, kept: BTreeMap::new() };
                self.begin(Task { key, request, op, epoch, step }, ctx);
            }
            _ => {
                if read.versions().len() > 1 {
                    ctx.reached(milestones::SIBLINGS_READ);
                }
                ctx.reply(request, S::apply(&mut read.visible(), &op));
                self.repair_readers(key, &read, &got, ctx);
            }
        }
    }

    /// Makes the new version, and keeps it here: its name must be durable before anybody hears it.
    fn name(
        &mut self,
        request: RequestId,
        key: Key,
        mut read: Object<S::State>,
        value: S::State,
        ctx: &mut Ctx<'_, Self>,
    ) -> (Dot, Object<S::State>) {
        let rules = self.config.rules;
        // It may have written the key since it asked. Who knows a name of a node knows its earlier ones, so they must be in what it sends.
        if let Some(own) = self.replica.as_ref().and_then(|replica| replica.object(key)) {
            read.merge(own, self.config.versions, rules);
        }
        let clock = matches!(self.config.versions, Versions::LastWriterWins { .. }).then_some(ctx.now());
        let counter = rules.counter(clock, self.counter.max(read.past().highest()));
        let dot = Dot { counter, actor: self.actor(key, counter, ctx.me()) };
        let overwritten = read.versions().iter().map(|version| version.dot).collect();
        let deletes = (value == S::State::default()).then(|| read.past().clone());
        self.named.push(Named { key, op: request.op, dot, read: overwritten, deletes });
        let mut object = read;
        object.write(dot, value, self.config.versions, rules);
        let stands_for = self.targets(key).into_iter().find(|&(node, _)| node == ctx.me()).and_then(|(_, owner)| owner);
        self.keep(key, &object, stands_for, ctx);
        (dot, object)
    }

    /// Who this node is to those who hear of its writes of a key, the next of which has this counter.
    fn actor(&mut self, key: Key, counter: u64, me: NodeId) -> Actor {
        let owns = self.preferences.owns(me, key);
        let forgotten = self.replica.as_ref().is_some_and(|replica| replica.has_forgotten(key));
        let for_good = self.config.rules.remembers_for_good(owns, forgotten);
        Actor { node: me, stint: (!for_good).then(|| *self.stints.entry(key).or_insert(counter)) }
    }

    /// Whether an operation on a key is under way here: it may have read, or have written, what nobody else knows any more.
    pub(super) fn coordinates(&self, key: Key) -> bool {
        self.tasks.values().any(|task| task.key == key)
    }

    /// Brings owners that knew less than others up to it (Dynamo §5). No answer waits for that.
    fn repair_readers(
        &mut self,
        key: Key,
        read: &Object<S::State>,
        got: &BTreeMap<NodeId, Object<S::State>>,
        ctx: &mut Ctx<'_, Self>,
    ) {
        let owners = self.preferences.owners(key);
        for (&node, _) in got.iter().filter(|&(node, object)| object != read && owners.contains(node)) {
            ctx.send(node, Msg::Repair { objects: vec![(key, read.clone())] });
        }
    }

    pub(super) fn on_kept(&mut self, from: NodeId, call: Call, place: NodeId, ctx: &mut Ctx<'_, Self>) {
        let quorum = self.config.write_quorum;
        let Some(Task { step: Step::Write { kept, .. }, .. }) = self.tasks.get_mut(&call) else { return };
        kept.insert(from, place);
        if self.config.rules.copies(kept) < quorum {
            return;
        }
        let Some(Task { key, request, op, step: Step::Write { dot, .. }, .. }) = self.end(call, ctx) else { return };
        self.acknowledged.push((key, request.op, dot));
        ctx.reply(request, S::apply(&mut S::State::default(), &op));
    }

    fn begin(&mut self, task: Task<S>, ctx: &mut Ctx<'_, Self>) {
        let call = self.next_call();
        self.tasks.insert(call, task);
        self.ask(call, ctx);
    }

    /// Puts a task's question to all nodes that have not answered it as it is put now, and sets the timer for the next time.
    pub(super) fn ask(&mut self, call: Call, ctx: &mut Ctx<'_, Self>) {
        let epoch = self.preferences.epoch();
        if self.tasks.get(&call).is_some_and(|task| task.epoch != epoch) {
            return self.ask_anew(call, ctx);
        }
        let Some(key) = self.tasks.get(&call).map(|task| task.key) else { return };
        let targets = self.targets(key);
        let Some(task) = self.tasks.get(&call) else { return };
        let question = |&(node, stands_for): &Target| match &task.step {
            Step::Read { got } if !got.contains_key(&node) => Some((node, Msg::Get { call, epoch, key })),
            Step::Write { object, kept, .. } if kept.get(&node) != Some(&stands_for.unwrap_or(node)) => {
                Some((node, Msg::Put { call, epoch, key, object: object.clone(), stands_for }))
            }
            _ => None,
        };
        let questions: Vec<_> = targets.iter().filter_map(question).collect();
        let send = |ctx: &mut Ctx<'_, Self>| questions.into_iter().for_each(|(node, msg)| ctx.send(node, msg));
        match task.step {
            Step::Read { .. } => send(ctx),
            Step::Write { .. } => ctx.after_sync(send),
        }
        let wait = ctx.rng().span(self.config.retry);
        ctx.set_timer(Timer::AskAgain(call), wait);
    }

    /// Begins a task's step again, by the ring of now.
    fn ask_anew(&mut self, call: Call, ctx: &mut Ctx<'_, Self>) {
        let Some(mut task) = self.end(call, ctx) else { return };
        task.epoch = self.preferences.epoch();
        match &mut task.step {
            Step::Read { got } => got.clear(),
            Step::Write { kept, .. } => kept.clear(),
        }
        self.begin(task, ctx);
    }

    fn end(&mut self, call: Call, ctx: &mut Ctx<'_, Self>) -> Option<Task<S>> {
        ctx.cancel_timer(Timer::AskAgain(call));
        self.tasks.remove(&call)
    }
}
