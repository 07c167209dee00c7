//! Snapshots and log compaction (§7; thesis ch. 5): what the log has made, in place of the log.
//!
//! A server takes one by itself when its log has grown by so many applied entries, and drops them at once; journal and snapshot change in
//! one atomic replacement. A leader sends a follower its snapshot only if it has dropped what the follower lacks, one chunk at a
//! time: each is acknowledged before the next is sent, and sent again as entries are.

use shaketable_sim::id::NodeId;
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::recovery::journal;
use super::rules::Taking;
use super::session::Machine;
use super::types::{Appended, EntryId, InstallSnapshot, LogIndex, Msg, Outcome, PieceOf, Shared, Snapshot, Term};
use super::{Raft, Role, milestones};

/// A snapshot on its way to a follower. It stays the same until it has arrived, whatever the leader snapshots meanwhile.
#[derive(Clone, Debug)]
pub(super) struct Outgoing<P> {
    snapshot: Snapshot<P>,
    /// How many pieces the follower has.
    received: u32,
}

/// A snapshot of which only the first pieces have arrived. Volatile: a follower that crashes is sent all of it again.
#[derive(Clone, Debug)]
pub(super) struct Incoming<P> {
    /// The term of the leader that sends it.
    term: Term,
    last: EntryId,
    pieces: Vec<P>,
}

impl<P: Clone> Outgoing<P> {
    /// The follower has so many pieces of the snapshot with this last entry. Whether that is news: an answer that says what is known is to a chunk
    /// that came twice, and if each of those brought about another chunk, there would be more and more of them.
    pub(super) fn on_partial(&mut self, last: EntryId, received: u32) -> bool {
        let news = last == self.snapshot.last && received != self.received;
        if news {
            self.received = received;
        }
        news
    }

    /// Whether a follower that has all entries up to `index` needs it no more.
    pub(super) fn is_within(&self, index: LogIndex) -> bool {
        self.snapshot.last.index <= index
    }
}

impl<S: Spec> Raft<S> {
    /// Takes a snapshot of what is applied, if enough has been since the last one, and drops the entries that it stands for.
    pub(super) fn compact_if_due(&mut self, ctx: &mut Ctx<'_, Self>) {
        let index = self.machine.applied();
        if index.distance(self.log.start().index) < self.config.snapshot_every {
            return;
        }
        let Some(term) = self.log.term_at(index) else { return };
        let last = EntryId { term, index };
        self.snapshot = Some(Snapshot { last, pieces: self.machine.pieces(self.config.rules) });
        self.log.compact(last);
        self.membership.compact(index);
        self.replace_journal(ctx);
        ctx.reached(milestones::SNAPSHOT_TAKEN);
    }

    /// Figure 13, as the receiver.
    pub(super) fn on_install_snapshot(
        &mut self,
        from: NodeId,
        install: InstallSnapshot<PieceOf<S>>,
        ctx: &mut Ctx<'_, Self>,
    ) {
        self.observe_term(install.term, ctx);
        let mut outcome = Outcome::Stale;
        if install.term >= self.term {
            if !self.hear(from, ctx) {
                return;
            }
            outcome = self.receive(&install, ctx);
        }
        let reply = Appended { term: self.term, round: install.round, outcome };
        Self::say(from, Msg::Appended(reply), ctx);
    }

    /// Figure 13, steps 2 to 8: collects chunks, and installs the snapshot when they are complete.
    fn receive(&mut self, install: &InstallSnapshot<PieceOf<S>>, ctx: &mut Ctx<'_, Self>) -> Outcome {
        let last = install.last;
        let taking = self.config.rules.take_snapshot(self.log.term_at(last.index), last, self.commit);
        if taking == Taking::Nothing {
            return Outcome::Match(last.index); // What is committed is in every leader's log.
        }
        // A chunk of another snapshot begins anew: whoever leads now may have none but that one. Only if the same leader has sent one of a later
        // snapshot before, this one was overtaken.
        let mut incoming = match self.incoming.take() {
            Some(incoming) if incoming.last == last => incoming,
            Some(later) if later.term == install.term && later.last > last => later,
            _ => Incoming { term: install.term, last, pieces: Vec::new() },
        };
        if incoming.last == last && install.offset as usize == incoming.pieces.len() {
            incoming.pieces.extend_from_slice(&install.pieces);
            if install.done {
                self.install(Snapshot { last, pieces: Shared::from(incoming.pieces) }, taking, ctx);
                return Outcome::Match(last.index);
            }
        }
        let (last, received) = (incoming.last, incoming.pieces.len() as u32);
        self.incoming = Some(incoming);
        Outcome::Partial { last, received }
    }

    fn install(&mut self, snapshot: Snapshot<PieceOf<S>>, taking: Taking, ctx: &mut Ctx<'_, Self>) {
        let last = snapshot.last;
        self.machine = Machine::restore(&snapshot);
        if taking == Taking::Prefix {
            self.log.compact(last);
            self.membership.compact(last.index);
        } else {
            self.log.restart(last);
            self.membership.restart(self.machine.configuration());
        }
        self.commit = last.index;
        self.snapshot = Some(snapshot);
        self.replace_journal(ctx);
        ctx.reached(milestones::SNAPSHOT_INSTALLED);
    }

    pub(super) fn replace_journal(&self, ctx: &mut Ctx<'_, Self>) {
        ctx.compact(journal(self.term, self.vote, self.rejoined, self.snapshot.as_ref(), &self.log));
    }

    /// Sends a follower the next chunk of a snapshot, because the log begins behind what it lacks.
    pub(super) fn send_chunk(&mut self, to: NodeId, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let snapshot = self.snapshot.as_ref().expect("a log that does not begin at 1 begins behind a snapshot");
        let outgoing =
            leader.outgoing.entry(to).or_insert_with(|| Outgoing { snapshot: snapshot.clone(), received: 0 });
        if outgoing.received == 0 && outgoing.snapshot.last != snapshot.last {
            outgoing.snapshot = snapshot.clone(); // Nothing of the old one has arrived.
        }
        let Outgoing { snapshot, received } = outgoing;
        let rest = &snapshot.pieces[(*received as usize).min(snapshot.pieces.len())..];
        let chunk = &rest[..rest.len().min(self.config.chunk)];
        let install = InstallSnapshot {
            term: self.term,
            last: snapshot.last,
            offset: *received,
            pieces: Shared::from(chunk),
            done: chunk.len() == rest.len(),
            round: leader.round,
        };
        leader.peers[to.index()].on_chunk_sent(snapshot.last.index);
        ctx.send(to, Msg::InstallSnapshot(install));
    }
}
