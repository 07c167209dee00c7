//! A leader: what it appends, what it sends to whom, and what it may take for committed (§5.3, §5.4.2; thesis §10.2).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use shaketable_sim::id::{NodeId, RequestId};
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;
use shaketable_sim::time::Instant;

use super::config::{Config, Elections};
use super::configuration::Electorate;
use super::log::Log;
use super::progress::Progress;
use super::read::PendingRead;
use super::rejoin::ToldLost;
use super::session::Known;
use super::snapshot::Outgoing;
use super::transfer::Transfer;
use super::types::{
    AppendEntries, Appended, Durable, Entries, Entry, EntryId, LogIndex, Msg, Outcome, Payload, PieceOf, Record, Round,
    Timer,
};
use super::{Raft, Role, milestones};

/// What a server knows only while it leads.
#[derive(Clone, Debug)]
pub(super) struct Leader<S: Spec> {
    /// By server; the leader's own place tells what is durable in its own log.
    pub(super) peers: Vec<Progress>,
    /// Where the first entry of its term stands, a no-op.
    pub(super) first: LogIndex,
    /// Reads that wait for a confirmation, oldest first. Invariant: neither their rounds nor their indexes fall.
    pub(super) reads: VecDeque<PendingRead<S::Op>>,
    /// The current round of confirmation.
    pub(super) round: Round,
    /// Who asked for which entry. Invariant: one for each entry of its term that is not applied, in their order.
    requests: VecDeque<Option<RequestId>>,
    /// The entry that the first of `requests` is about.
    unapplied: LogIndex,
    /// Whether a sync is under way. What is appended meanwhile shares the next one.
    syncing: bool,
    /// The entries that were last put together for a message, and where they begin: most followers need the same ones.
    batch: (LogIndex, Entries<S::Op>),
    /// To whom leadership is being handed over.
    pub(super) transfer: Option<Transfer>,
    /// Whether some server was ever told to stand for election in its place: from then on it cannot know for how long it leads.
    pub(super) resigned: bool,
    /// When the current round began, on its own clock.
    pub(super) begun: Instant,
    /// The last round that has renewed the lease, when that round began, and when a quorum had confirmed it.
    pub(super) leased: Round,
    pub(super) confirmed: Option<(Instant, Instant)>,
    /// Where the log ended at the heartbeat before the last, and at the last.
    pub(super) tails: (LogIndex, LogIndex),
    /// Who is to vote, once an operator has asked for other voters, until it is so.
    pub(super) goal: Option<BTreeSet<NodeId>>,
    /// Snapshots that are on their way.
    pub(super) outgoing: BTreeMap<NodeId, Outgoing<PieceOf<S>>>,
    /// Who has told it in this term that its disk was lost.
    pub(super) told_lost: BTreeMap<NodeId, ToldLost>,
}

impl<S: Spec> Leader<S> {
    fn new(nodes: usize, last: LogIndex) -> Self {
        let first = last.next();
        Leader {
            peers: vec![Progress::new(last); nodes],
            first,
            reads: VecDeque::new(),
            round: Round::ZERO,
            requests: VecDeque::new(),
            unapplied: first,
            syncing: false,
            batch: (first, Entries::none()),
            transfer: None,
            resigned: false,
            begun: Instant::ZERO,
            leased: Round::ZERO,
            confirmed: None,
            tails: (first, first),
            goal: None,
            outgoing: BTreeMap::new(),
            told_lost: BTreeMap::new(),
        }
    }

    /// The highest value that a quorum has reached.
    pub(super) fn reached<T: Ord + Copy>(
        &self,
        electorate: &Electorate<'_>,
        value: impl Fn(&Progress) -> T,
    ) -> Option<T> {
        electorate.reached(|server| value(&self.peers[server.index()]))
    }

    /// Begins a round of confirmation. The leader itself confirms at once; alone in its cluster, it is a quorum.
    pub(super) fn begin_round(&mut self, me: NodeId, now: Instant) {
        self.round = self.round.next();
        self.begun = now;
        self.peers[me.index()].round = self.round;
    }

    /// Whether a quorum has answered since this was last asked, itself included.
    pub(super) fn hears_a_quorum(&mut self, electorate: &Electorate<'_>) -> bool {
        let heard = |server: NodeId| server == electorate.me || self.peers[server.index()].heard;
        let quorum = electorate.is_quorum(heard);
        self.peers.iter_mut().for_each(|peer| peer.heard = false);
        quorum
    }

    /// Who asked for the entry that is being applied.
    pub(super) fn take_request(&mut self, index: LogIndex) -> Option<RequestId> {
        if index != self.unapplied {
            return None; // An entry of an earlier term.
        }
        self.unapplied = index.next();
        self.requests.pop_front().flatten()
    }

    /// At most `max` entries from `first` on.
    fn batch_from(&mut self, first: LogIndex, max: usize, log: &Log<S::Op>) -> Entries<S::Op> {
        let entries = log.slice(first, max);
        let (start, batch) = &self.batch;
        if *start != first || batch.len() != entries.len() {
            self.batch = (first, Entries::from(entries));
        }
        self.batch.1.clone()
    }
}

impl<S: Spec> Raft<S> {
    /// §5.2: a quorum has voted for this server. All that was in its log when it asked them is durable.
    pub(super) fn lead(&mut self, ctx: &mut Ctx<'_, Self>) {
        let last = self.log.last_index();
        let mut leader = Leader::new(self.nodes, last);
        leader.peers[self.me.index()].on_match(last);
        self.role = Role::Leader(Box::new(leader));
        match self.config.elections {
            Elections::Plain => ctx.cancel_timer(Timer::Election),
            _ => ctx.set_timer(Timer::Election, self.config.election_timeout.1),
        }
        ctx.set_timer(Timer::Heartbeat, self.config.heartbeat);
        self.append(Payload::NoOp, None, ctx);
    }

    /// A client's operation that goes through the log. If it has been applied, its client knows or has moved on; it is not
    /// appended again. If it is in the log and not yet applied, it is appended twice, and applied once.
    pub(super) fn on_operation(&mut self, id: RequestId, op: S::Op, ctx: &mut Ctx<'_, Self>) {
        match self.machine.lookup(id.op, self.config.rules) {
            Known::New => self.append(Payload::Command { id: id.op, op }, Some(id), ctx),
            Known::Answered(ret) => ctx.reply(id, ret.clone()),
            Known::Outdated => {}
        }
    }

    /// §5.3: appends an entry to its log and sends it in parallel with making it durable (thesis §10.2.1).
    pub(super) fn append(&mut self, payload: Payload<S::Op>, request: Option<RequestId>, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let after = self.log.last_index();
        let entry = Entry::new(self.term, payload);
        self.membership.extend(after.next(), std::slice::from_ref(&entry));
        self.log.push(entry.clone());
        leader.requests.push_back(request);
        leader.batch = (after.next(), Entries::one(entry));
        ctx.write(Record::Append { after, entries: leader.batch.1.clone() });
        for peer in ctx.peers() {
            self.send_entries(peer, ctx);
        }
        self.sync(ctx);
    }

    /// Asks for a sync of its log if there is need of one, and to be told when it has returned: only then does its own
    /// copy count (thesis §10.2.1).
    fn sync(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let index = self.log.last_index();
        if !leader.syncing && leader.peers[self.me.index()].matched < index {
            leader.syncing = true;
            let durable = Durable { term: self.term, index };
            Self::say(self.me, Msg::Durable(durable), ctx);
        }
    }

    pub(super) fn on_durable(&mut self, durable: Durable, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &mut self.role else { return };
        if durable.term == self.term {
            leader.syncing = false;
            leader.peers[self.me.index()].on_match(durable.index);
            self.sync(ctx);
            self.advance_commit(durable.index, ctx);
            self.reconfigure_further(ctx);
        }
    }

    pub(super) fn on_appended(&mut self, from: NodeId, reply: Appended, ctx: &mut Ctx<'_, Self>) {
        self.observe_term(reply.term, ctx);
        let Role::Leader(leader) = &mut self.role else { return };
        if reply.term < self.term || leader.told_lost.get(&from).is_some_and(|lost| reply.round < lost.round) {
            return; // It was another leader's follower then; or it has forgotten since what it acknowledges here.
        }
        let peer = &mut leader.peers[from.index()];
        match reply.outcome {
            Outcome::Match(index) if index <= self.log.last_index() => {
                peer.on_match(index);
                if leader.outgoing.get(&from).is_some_and(|outgoing| outgoing.is_within(index)) {
                    leader.outgoing.remove(&from);
                }
            }
            Outcome::Partial { last, received } => {
                if leader.outgoing.get_mut(&from).is_some_and(|outgoing| outgoing.on_partial(last, received)) {
                    peer.on_partial();
                }
            }
            Outcome::Conflict { prev, hint } => peer.on_conflict(prev, hint, &self.log),
            // The first answers a message of an earlier term, whose rounds were others. The second acknowledges what this leader
            // never had: it has led in this term before and forgotten it, which cannot be.
            Outcome::Stale | Outcome::Match(_) => return,
        }
        peer.heard = true;
        peer.round = peer.round.max(reply.round);
        let matched = peer.matched;
        self.advance_commit(matched, ctx);
        if self.leases() {
            self.renew_lease(ctx);
        }
        self.serve_reads(ctx);
        self.send_entries(from, ctx);
        self.hand_over(ctx);
        self.reconfigure_further(ctx);
    }

    /// Every heartbeat period: sends again what is taken for lost, and something to everyone who was sent nothing else meanwhile.
    pub(super) fn on_heartbeat(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &mut self.role else { return };
        leader.tails = (leader.tails.1, self.log.last_index());
        ctx.set_timer(Timer::Heartbeat, self.config.heartbeat);
        if self.leases() {
            self.ask_for_lease(ctx);
        }
        for to in ctx.peers() {
            let member = self.has_member(to);
            let Role::Leader(leader) = &mut self.role else { return };
            let peer = &mut leader.peers[to.index()];
            peer.on_tick();
            let silent = !std::mem::take(&mut peer.sent) || peer.round < leader.round;
            if !self.send_entries(to, ctx) && silent && member {
                self.send_heartbeat(to, ctx);
            }
        }
    }

    /// Sends something to everyone, so that the current round is confirmed.
    pub(super) fn send_round(&mut self, ctx: &mut Ctx<'_, Self>) {
        for peer in ctx.peers() {
            if !self.send_entries(peer, ctx) && self.has_member(peer) {
                self.send_heartbeat(peer, ctx);
            }
        }
    }

    /// §5.3, §5.4.2: whatever a quorum has is committed, if it is of the current term, and all before it. Some server has just been
    /// found to have all up to `index`.
    fn advance_commit(&mut self, index: LogIndex, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &self.role else { return };
        if index <= self.commit {
            return;
        }
        let Config { rules, .. } = self.config;
        let Some(reached) = leader.reached(&self.electorate(), |peer| peer.matched) else { return };
        if reached <= self.commit {
            return;
        }
        let term = self.log.term_at(reached).expect("a leader's log contains what its followers acknowledge");
        if rules.may_commit(term, self.term) {
            if leader.peers[self.me.index()].matched < reached {
                ctx.reached(milestones::COMMITTED_BEFORE_OWN_SYNC);
            }
            self.commit = reached;
            self.apply_committed(ctx);
            self.serve_reads(ctx);
            self.leave_if_removed(ctx);
        }
    }

    /// Sends a member what it lacks, as far as its window has room. Whether anything was sent.
    fn send_entries(&mut self, to: NodeId, ctx: &mut Ctx<'_, Self>) -> bool {
        if !self.has_member(to) {
            return false; // It answers what it was sent while it was one.
        }
        let Role::Leader(leader) = &mut self.role else { return false };
        let mut sent = false;
        while leader.peers[to.index()].has_room(self.config.window) {
            let next = leader.peers[to.index()].next;
            if next > self.log.last_index() {
                break;
            }
            if next.previous() < self.log.start().index {
                self.send_chunk(to, ctx);
                return true;
            }
            let entries = leader.batch_from(next, self.config.batch, &self.log);
            leader.peers[to.index()].on_sent(next.previous().plus(entries.len()));
            let prev = entry_at(&self.log, next.previous());
            let append = AppendEntries { term: self.term, prev, entries, commit: self.commit, round: leader.round };
            ctx.send(to, Msg::AppendEntries(append));
            sent = true;
        }
        sent
    }

    fn send_heartbeat(&self, to: NodeId, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &self.role else { return };
        let prev = entry_at(&self.log, leader.peers[to.index()].matched);
        let append =
            AppendEntries { term: self.term, prev, entries: Entries::none(), commit: self.commit, round: leader.round };
        ctx.send(to, Msg::AppendEntries(append));
    }
}

/// An entry of the leader's log; of those that it no longer has it can tell nothing, so then it is the one at 0, where all logs agree.
fn entry_at<O: Clone>(log: &Log<O>, index: LogIndex) -> EntryId {
    log.term_at(index).map_or(EntryId::default(), |term| EntryId { term, index })
}
