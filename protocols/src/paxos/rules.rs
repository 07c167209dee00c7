//! The decisions on which the safety of Paxos rests, each a pure function that cites its paper.
//!
//! §: Lamport, "Paxos Made Simple", 2001. Live: Chandra, Griesemer & Redstone, "Paxos Made Live", 2007. Flexible: Howard, Malkhi &
//! Spiegelman, "Flexible Paxos", 2016.
//!
//! The default bodies are the papers; [`Paper`] changes none of them. A node holds its rules as `&'static dyn Rules`, so that a
//! variant of one rule is run by the very code that is run as Paxos.

use std::fmt::Debug;

use shaketable_sim::id::NodeId;
use shaketable_sim::time::Instant;

use super::lease::Lease;
use super::quorums::Quorums;
use super::types::{Ballot, Beat, Slot};

/// The decisions of Multi-Paxos. See the [module](self).
pub trait Rules: Debug + Sync {
    /// §2.2, §2.5: different proposers choose their numbers from disjoint sets, and none uses one twice. A round above all seen, and
    /// the proposer's own name. It promises that ballot itself, durably, before anybody hears of it, so it cannot forget it.
    ///
    /// Without it, two values are proposed with one number, and "the highest-numbered proposal" is not one.
    fn next_ballot(&self, seen: Ballot, me: NodeId) -> Ballot {
        Ballot { round: seen.round.next(), node: me }
    }

    /// §2.2, P1a: an acceptor promises what is not below its promise. Asked again for the same, it says the same again: the
    /// ballot has one owner.
    ///
    /// Without it, an older proposer goes on with phase 2 when a newer one has already been told what to propose.
    fn may_promise(&self, promised: Ballot, asked: Ballot) -> bool {
        asked >= promised
    }

    /// §2.2, P1a: an acceptor accepts a proposal iff it has not promised a higher number.
    ///
    /// Without it, a value gets chosen behind the back of a proposer that was promised it would not be.
    fn may_accept(&self, promised: Ballot, proposed: Ballot) -> bool {
        proposed >= promised
    }

    /// §2.2 (in the text after P2c only by implication; "Paxos Made Moderately Complex" §2.2 has it): to accept a ballot is to promise it.
    ///
    /// Without it, an acceptor that missed the prepare accepts a newer proposal and then, in the same slot, an older one.
    fn promise_after_accept(&self, promised: Ballot, accepted: Ballot) -> Ballot {
        promised.max(accepted)
    }

    /// §2.2, phase 1: a promise counts for the ballot that it was made for.
    ///
    /// An answer to an earlier attempt tells what was accepted then, and says nothing of what its sender has accepted since, and may still accept.
    fn counts_promise(&self, promised: Ballot, ballot: Ballot) -> bool {
        promised == ballot
    }

    /// §2.3: acceptances count together if they are of one proposal, that is of one ballot.
    ///
    /// The same value accepted by a majority in different ballots is not chosen: a higher ballot may yet choose another.
    fn counts_acceptance(&self, accepted: Ballot, ballot: Ballot) -> bool {
        accepted == ballot
    }

    /// §2.2, phase 2; Flexible §3: a proposer goes on when a phase-1 quorum has promised.
    ///
    /// With fewer, a value that a phase-2 quorum has chosen may be known to none of them.
    fn may_propose(&self, promises: usize, quorums: Quorums) -> bool {
        promises >= quorums.phase1()
    }

    /// §2.2, §3; Live §5.5: promises that tell of dropped slots tell that those are decided, and not what was. A proposer goes on when it knows those
    /// decisions itself: `commit` is how far it does, `dropped` the last slot that any of its promises tells to be dropped.
    ///
    /// Without it, a slot of which nobody reports a vote passes for a free one, and another value is chosen in it.
    fn knows_dropped(&self, commit: Slot, dropped: Slot) -> bool {
        commit >= dropped
    }

    /// §2.2, §2.3; Flexible §3: a value is chosen when a phase-2 quorum has accepted it.
    ///
    /// With fewer, the next proposer's quorum may have none of them.
    fn is_chosen(&self, acceptances: usize, quorums: Quorums) -> bool {
        acceptances >= quorums.phase2()
    }

    /// §3: the servers that run slot i + α are named by the state after the command of slot i. The first slot that a reconfiguration
    /// is in force for, which was decided in `slot`.
    ///
    /// Sooner, and slots are open already that the servers before are choosing values for: two sets of servers choose, each on its own.
    fn takes_effect(&self, slot: Slot, alpha: u64) -> Slot {
        slot.plus(alpha)
    }

    /// §3, "to allow a leader to get α commands ahead": who has applied the commands up to `applied` knows who runs the next α slots. Nobody proposes or
    /// accepts in a slot before knowing who runs it.
    ///
    /// Without it, a value is chosen by servers that were replaced for that slot, and another one by those that replace them.
    fn knows_members(&self, slot: Slot, applied: Slot, alpha: u64) -> bool {
        slot.distance(applied) <= alpha
    }

    /// §2.2, phase 1, in each slot; §3: a promise counts toward the slots that its sender is one of the servers of.
    ///
    /// Without it, a leader goes on in slots of which it has not asked those who run them; what another had chosen there, it does not learn.
    fn counts_promise_of(&self, member: bool) -> bool {
        member
    }

    /// §2.2, §2.3, in each slot; §3: acceptances of a slot are counted by the quorums of the servers that run that slot. The slot by
    /// whose servers' quorums `slot` is decided; `open` is the first one that is not decided.
    ///
    /// By those in force when it is counted, a value passes for chosen that a quorum of the slot's own servers has not accepted.
    fn decided_by(&self, slot: Slot, open: Slot) -> Slot {
        let _ = open;
        slot
    }

    /// §3: who runs the next slots is part of the state that the commands have made, and so of every snapshot (Live §5.5).
    ///
    /// Without it, who was restored from a snapshot goes by servers of the past.
    fn snapshots_configurations(&self) -> bool {
        true
    }

    /// §2.2, P2c: of the accepted proposals that a quorum reported for a slot, the value of the highest-numbered one is the only one that may
    /// be proposed. Its place among them; none if nothing was reported, and then any value may be.
    ///
    /// Another value, or that of a lower ballot, may differ from one already chosen.
    fn choose_value(&self, reported: &[Ballot]) -> Option<usize> {
        (0..reported.len()).max_by_key(|&place| reported[place])
    }

    /// §3: a new leader runs phase 1 for every slot that it does not know to be decided, gaps among them, and only what phase 1 has
    /// shown to be free may it fill with a no-op. `open` is the first undecided slot, `unseen` the first of which it has neither vote nor decision.
    ///
    /// A slot that is empty here may have been decided elsewhere.
    fn prepares_from(&self, open: Slot, unseen: Slot) -> Slot {
        open.min(unseen)
    }

    /// §3: a command is carried out when all before it are: slots are applied in order, without gaps.
    ///
    /// Otherwise replicas carry out the same commands in different orders, or skip some.
    fn may_apply(&self, slot: Slot, applied: Slot) -> bool {
        slot == applied.next()
    }

    /// §2.3: a learner that hears from the leader of `leader` that a slot is decided knows the decision if it accepted that leader's own proposal.
    ///
    /// What it accepted of another leader may be another value, that was never chosen.
    fn may_learn(&self, accepted: Ballot, leader: Ballot) -> bool {
        accepted == leader
    }

    /// Live §5.2 (a master that was replaced without noticing returns stale data): a read is answered from the leader's own state once a
    /// phase-2 quorum has confirmed, after the read arrived, that it has promised nobody else, and when all is applied that may have been decided then.
    ///
    /// Without the first, a leader that was deposed unknowingly answers from the past. Without the second, a new leader does.
    fn may_answer_read(&self, read: Reading) -> bool {
        read.confirmed >= read.beat && read.applied >= read.index
    }

    /// Live §5.2: a leader answers a read without asking anybody while nobody else can begin to lead: for as long as a phase-2 quorum has promised, less
    /// what clocks may drift, since it first asked what that quorum answered; and never again once it has told a node to take over.
    ///
    /// Too long, or with a node called to take over: another leads already, and the answer is from the past.
    fn may_read_by_lease(&self, lease: Lease, now: Instant) -> bool {
        !lease.resigned && now >= lease.begun && now.since(lease.begun) < lease.reliable()
    }

    /// Live §5.2: who has promised to follow a leader for a while is freed from that by this very leader alone. It follows `leader`, if it
    /// remembers; the proposer was told to take over from `handed_over`, if it was.
    ///
    /// Otherwise another leads while the lease lasts, and what the old one answers is from the past.
    fn frees_from_lease(&self, leader: Option<Ballot>, handed_over: Option<Ballot>) -> bool {
        leader.is_some() && leader == handed_over
    }

    /// Live §5.2: a node that restarts may have granted a lease just before; it keeps to it although it does not know to whom.
    ///
    /// Otherwise a restart frees it, and another leads while the lease lasts.
    fn keeps_lease_over_restart(&self) -> bool {
        true
    }

    /// Live §5.5, Ongaro's thesis §6.3: sessions are part of what decisions have made, and so of every snapshot.
    ///
    /// Without it, who was restored from a snapshot executes an operation again that its client had to repeat.
    fn snapshots_sessions(&self) -> bool {
        true
    }

    /// §3 leaves duplicates to the state machine; Ongaro's thesis §6.3 tells of them: an operation that is not newer than the last one of its client
    /// is not carried out again.
    ///
    /// A client that had no answer asks again, perhaps another node. Without this, the operation happens twice.
    fn is_duplicate(&self, last_applied: u32, seq: u32) -> bool {
        seq <= last_applied
    }
}

/// Where a read stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// All that may have been decided when the read arrived: what the leader knew then, and what it took over when it began.
    pub index: Slot,
    /// What the leader has applied.
    pub applied: Slot,
    /// The first question that was asked after the read arrived.
    pub beat: Beat,
    /// The last question that a quorum has answered.
    pub confirmed: Beat,
}

/// The rules as they are in the papers.
#[derive(Clone, Copy, Debug)]
pub struct Paper;

impl Rules for Paper {}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
