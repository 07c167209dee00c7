//! A coordinator: carries out the operations that clients ask this node for, whichever nodes keep their keys.
//!
//! A task is one operation. At any time it asks the replicas of its key one question, its [`Call`]; when a quorum has answered, the task is over
//! or goes on with another call. Whoever does not answer is asked again. If a replica refuses because it has promised
//! itself to a later attempt at the same write, the task waits a little and makes an attempt that is later still.

use std::collections::{BTreeMap, BTreeSet};

use shaketable_sim::id::{Key, NodeId, OpId, RequestId};
use shaketable_sim::node::{Ctx, Op};
use shaketable_sim::spec::{Footprint, Spec};

use super::Store;
use super::types::{Ballot, Call, Msg, Proposal, Timer, Version};

/// An operation under way, or a repair.
#[derive(Clone, Debug)]
pub(super) struct Task<S: Spec> {
    key: Key,
    /// Who is to be answered; nobody if the node itself brings replicas up to date.
    client: Option<(RequestId, S::Op)>,
    step: Step<S::State>,
}

/// What a task is waiting for.
#[derive(Clone, Debug)]
enum Step<V> {
    /// A read: what is the newest version?
    Ask { told: BTreeMap<NodeId, Option<Proposal<V>>> },
    /// First phase of a write: which tags are there, and was this write attempted before?
    Claim { write: Write<V>, ballot: Ballot, claimed: BTreeMap<NodeId, Claimed<V>> },
    /// Second phase of a write, or the write-back of a read: keep this.
    Keep { proposal: Proposal<V>, stored: BTreeSet<NodeId>, then: Then },
    /// For a while, since there is a later attempt at the same write.
    Refused { write: Write<V>, promised: Ballot },
}

/// A write whose tag is to be settled: the client's own, or another that a read has come upon.
#[derive(Clone, Debug)]
struct Write<V> {
    op: OpId,
    value: V,
}

/// What a replica has answered to a claim.
#[derive(Clone, Debug)]
struct Claimed<V> {
    highest: u64,
    accepted: Option<Proposal<V>>,
}

/// What is to be done when a version is kept by a quorum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Then {
    Answer,
    /// A read has settled a write, under a tag that need not be the highest any more.
    AskAgain,
}

impl<S: Spec> Store<S> {
    /// An operation that a client asks for.
    pub(super) fn coordinate(&mut self, request: RequestId, op: Op<Self>, ctx: &mut Ctx<'_, Self>) {
        if self.tasks.values().filter_map(|task| task.client.as_ref()).any(|(open, _)| open.op == request.op) {
            return; // Its client has lost patience; one answer is enough.
        }
        let key = S::key(&op);
        if S::is_read(&op) {
            let step = Step::Ask { told: BTreeMap::new() };
            return self.begin(Task { key, client: Some((request, op)), step }, ctx);
        }
        match S::footprint(&op, None) {
            Footprint::Overwrites(value) => {
                let write = Write { op: request.op, value };
                self.claim(key, Some((request, op)), write, u32::from(request.attempt), ctx);
            }
            // What depends on the state that it finds is no write to a register.
            _ => ctx.reject(request, None),
        }
    }

    pub(super) fn on_told(
        &mut self,
        from: NodeId,
        call: Call,
        newest: Option<Proposal<S::State>>,
        ctx: &mut Ctx<'_, Self>,
    ) {
        let quorum = self.config.rules.quorum(self.config.read_quorum);
        let write_quorum = self.config.rules.quorum(self.config.write_quorum);
        let Some(Step::Ask { told }) = self.step(call) else { return };
        told.insert(from, newest);
        if told.len() < quorum {
            return;
        }
        let newest = told.values().flatten().max_by_key(|proposal| (proposal.version.tag, proposal.ballot)).cloned();
        let holders = told.values().flatten().filter(|&proposal| Some(proposal) == newest.as_ref()).count();
        let Some(task) = self.end(call, ctx) else { return };
        match newest {
            None => self.answer_read(&task, &S::State::default(), ctx),
            Some(proposal) if self.config.rules.may_answer(holders, write_quorum) => {
                self.answer_read(&task, &proposal.version.value, ctx);
            }
            Some(proposal) => {
                let step = Step::Keep { proposal, stored: BTreeSet::new(), then: Then::Answer };
                self.begin(Task { step, ..task }, ctx);
            }
        }
    }

    pub(super) fn on_claimed(
        &mut self,
        from: NodeId,
        call: Call,
        highest: u64,
        accepted: Option<Proposal<S::State>>,
        ctx: &mut Ctx<'_, Self>,
    ) {
        let rules = self.config.rules;
        let quorum = rules.quorum(self.config.read_quorum);
        let Some(Step::Claim { claimed, .. }) = self.step(call) else { return };
        claimed.insert(from, Claimed { highest, accepted });
        if claimed.len() < quorum {
            return;
        }
        let Some(Task { key, client, step: Step::Claim { write, ballot, claimed } }) = self.end(call, ctx) else {
            return;
        };
        let highest = claimed.values().map(|claimed| claimed.highest).max().unwrap_or(0);
        let earlier = claimed.values().filter_map(|claimed| claimed.accepted.as_ref());
        let earlier = earlier.max_by_key(|proposal| proposal.ballot).map(|proposal| proposal.version.tag);
        let tag = rules.takes_over(earlier).unwrap_or_else(|| rules.tag(highest, write.op));
        let own = client.as_ref().is_none_or(|(request, _)| request.op == write.op);
        let then = if own { Then::Answer } else { Then::AskAgain };
        let proposal = Proposal { ballot, version: Version { op: write.op, tag, value: write.value } };
        self.begin(Task { key, client, step: Step::Keep { proposal, stored: BTreeSet::new(), then } }, ctx);
    }

    pub(super) fn on_stored(&mut self, from: NodeId, call: Call, ctx: &mut Ctx<'_, Self>) {
        let quorum = self.config.rules.quorum(self.config.write_quorum);
        let Some(Step::Keep { stored, .. }) = self.step(call) else { return };
        stored.insert(from);
        if stored.len() < quorum {
            return;
        }
        let Some(task) = self.end(call, ctx) else { return };
        let Step::Keep { proposal: Proposal { version, .. }, then, .. } = &task.step else { return };
        self.settled.push((task.key, version.op, version.tag));
        match &task.client {
            _ if *then == Then::AskAgain => {
                self.begin(Task { step: Step::Ask { told: BTreeMap::new() }, ..task }, ctx);
            }
            Some((_, op)) if S::is_read(op) => self.answer_read(&task, &version.value, ctx),
            Some((request, op)) => ctx.reply(*request, S::apply(&mut S::State::default(), op)),
            None => {}
        }
    }

    /// Brings the other replicas of a key up to this node's newest version of it, unless that is under way.
    pub(super) fn spread(&mut self, key: Key, proposal: Proposal<S::State>, ctx: &mut Ctx<'_, Self>) {
        if self.tasks.values().any(|task| task.client.is_none() && task.key == key) {
            return;
        }
        let step = Step::Keep { proposal, stored: BTreeSet::new(), then: Then::Answer };
        self.begin(Task { key, client: None, step }, ctx);
    }

    pub(super) fn on_refused(&mut self, call: Call, promised: Ballot) {
        let Some(step) = self.step(call) else { return };
        let write = match step {
            Step::Ask { .. } => return,
            Step::Refused { promised: known, .. } => {
                *known = promised.max(*known);
                return;
            }
            Step::Claim { write, .. } => write.clone(),
            Step::Keep { proposal, .. } => Write { op: proposal.version.op, value: proposal.version.value.clone() },
        };
        *step = Step::Refused { write, promised };
    }

    /// The wait of a call is over.
    pub(super) fn ask_again(&mut self, call: Call, ctx: &mut Ctx<'_, Self>) {
        match self.step(call) {
            None => {}
            Some(Step::Refused { .. }) => {
                if let Some(Task { key, client, step: Step::Refused { write, promised } }) = self.end(call, ctx) {
                    self.claim(key, client, write, promised.number.saturating_add(1), ctx);
                }
            }
            Some(_) => self.ask(call, ctx),
        }
    }

    /// Makes an attempt at a write.
    fn claim(
        &mut self,
        key: Key,
        client: Option<(RequestId, S::Op)>,
        write: Write<S::State>,
        number: u32,
        ctx: &mut Ctx<'_, Self>,
    ) {
        let ballot = Ballot { number, call: self.next };
        self.begin(Task { key, client, step: Step::Claim { write, ballot, claimed: BTreeMap::new() } }, ctx);
    }

    fn begin(&mut self, task: Task<S>, ctx: &mut Ctx<'_, Self>) {
        let call = self.next;
        self.next = Call(call.0 + 1);
        self.tasks.insert(call, task);
        self.ask(call, ctx);
    }

    /// Puts a task's question to all replicas that have not answered it, and sets the timer for the next time.
    fn ask(&mut self, call: Call, ctx: &mut Ctx<'_, Self>) {
        let Some(task) = self.tasks.get(&call) else { return };
        let key = task.key;
        for replica in self.replicas(key) {
            let msg = match &task.step {
                Step::Ask { told } if !told.contains_key(&replica) => Msg::Ask { call, key },
                Step::Claim { write, ballot, claimed } if !claimed.contains_key(&replica) => {
                    Msg::Claim { ballot: *ballot, key, op: write.op }
                }
                Step::Keep { proposal, stored, .. } if !stored.contains(&replica) => {
                    Msg::Store { call, key, proposal: proposal.clone() }
                }
                _ => continue,
            };
            ctx.send(replica, msg);
        }
        let wait = ctx.rng().span(self.config.retry);
        ctx.set_timer(Timer::AskAgain(call), wait);
    }

    fn answer_read(&self, task: &Task<S>, state: &S::State, ctx: &mut Ctx<'_, Self>) {
        if let Some((request, op)) = &task.client {
            ctx.reply(*request, S::apply(&mut state.clone(), op));
        }
    }

    fn step(&mut self, call: Call) -> Option<&mut Step<S::State>> {
        Some(&mut self.tasks.get_mut(&call)?.step)
    }

    fn end(&mut self, call: Call, ctx: &mut Ctx<'_, Self>) -> Option<Task<S>> {
        ctx.cancel_timer(Timer::AskAgain(call));
        self.tasks.remove(&call)
    }
}
