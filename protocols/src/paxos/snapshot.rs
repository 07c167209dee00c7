//! Snapshots and truncation (§3 has a server forget nothing; Live §5.5): what decisions have made, in place of the decisions.
//!
//! A node takes one by itself when it has applied so many slots, and drops those at once, votes and decisions; journal and snapshot change
//! in one atomic replacement. What an acceptor has dropped is decided: it says so to who prepares, instead of its votes.
//!
//! A node that lacks dropped decisions is sent the snapshot in parts, a window of them at a time, and asks for the next window. What it is
//! being sent stays the same until it has arrived, whatever the sender snapshots meanwhile.

use std::collections::BTreeMap;

use shaketable_sim::id::NodeId;
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::recovery::journal;
use super::replica::Replica;
use super::types::{Msg, Part, PieceOf, Received, Slot, Snapshot};
use super::{Paxos, Role, milestones};

/// The snapshots that a node has to do with.
#[derive(Clone, Debug)]
pub(super) struct Snapshots<P> {
    /// Its own: durable, or becoming so together with all that follows it.
    pub(super) own: Option<Snapshot<P>>,
    /// By sender, one of which only some pieces have arrived. Volatile: a node that crashes is sent all of it again.
    incoming: BTreeMap<NodeId, Incoming<P>>,
    /// By node, what it is being sent.
    outgoing: BTreeMap<NodeId, Snapshot<P>>,
}

/// A snapshot that is arriving.
#[derive(Clone, Debug)]
struct Incoming<P> {
    last: Slot,
    /// By place, in whatever order they came.
    pieces: BTreeMap<u32, P>,
}

impl<P: Clone> Snapshots<P> {
    /// Those of a node that boots.
    pub(super) fn new(own: Option<Snapshot<P>>) -> Self {
        Snapshots { own, incoming: BTreeMap::new(), outgoing: BTreeMap::new() }
    }

    /// How much has arrived from a node of one that is not complete, if it goes further than what is applied.
    pub(super) fn received(&self, from: NodeId, applied: Slot) -> Option<Received> {
        let Incoming { last, pieces } = self.incoming.get(&from).filter(|incoming| incoming.last > applied)?;
        let gap = (0..).zip(pieces.keys()).find(|(place, there)| place != *there);
        let count = gap.map_or(pieces.len() as u32, |(place, _)| place);
        Some(Received { last: *last, pieces: count })
    }

    /// What to send a node that has received so much: the same as before, unless it begins anew.
    fn outgoing(&mut self, to: NodeId, received: Option<Received>) -> (&Snapshot<P>, usize) {
        let own = self.own.as_ref().expect("decisions are dropped only where a snapshot stands for them");
        let outgoing = self.outgoing.entry(to).or_insert_with(|| own.clone());
        let received = received.filter(|received| received.last == outgoing.last);
        let count = received.map_or(0, |received| received.pieces as usize);
        if count == 0 && outgoing.last != own.last {
            *outgoing = own.clone(); // Nothing of the old one has arrived.
        }
        let count = count.min(outgoing.pieces.len());
        (outgoing, count)
    }

    /// Takes a part of a snapshot. The whole, if it is complete now.
    fn take(&mut self, from: NodeId, part: Part<P>) -> Option<Snapshot<P>> {
        let Part { last, offset, pieces, total, .. } = part;
        let incoming = self.incoming.entry(from).or_insert(Incoming { last, pieces: BTreeMap::new() });
        if incoming.last != last {
            *incoming = Incoming { last, pieces: BTreeMap::new() }; // The sender has begun anew.
        }
        incoming.pieces.extend((offset..).zip(pieces));
        if incoming.pieces.len() < total as usize {
            return None;
        }
        let pieces = self.incoming.remove(&from)?.pieces.into_values().collect();
        Some(Snapshot { last, pieces })
    }

    /// From now on this one stands for all slots up to its last: those that go no further are needed no more.
    fn keep(&mut self, snapshot: Snapshot<P>) {
        self.incoming.retain(|_, incoming| incoming.last > snapshot.last);
        self.own = Some(snapshot);
    }
}

impl<S: Spec> Paxos<S> {
    /// Takes a snapshot of what is applied, if enough has been since the last one, and drops the slots that it stands for.
    pub(super) fn compact_if_due(&mut self, ctx: &mut Ctx<'_, Self>) {
        let last = self.replica.applied();
        if last.distance(self.ledger.start()) >= self.config.snapshot_every {
            self.keep(Snapshot { last, pieces: self.replica.pieces(self.config.rules) }, ctx);
            ctx.reached(milestones::SNAPSHOT_TAKEN);
        }
    }

    /// From now on a snapshot stands for all slots up to its last.
    fn keep(&mut self, snapshot: Snapshot<PieceOf<S>>, ctx: &mut Ctx<'_, Self>) {
        self.ledger.drop_until(snapshot.last);
        ctx.compact(journal(self.promised, Some(&snapshot), &self.ledger));
        self.snapshots.keep(snapshot);
    }

    /// Sends a node a window of parts of a snapshot, behind what it has received of it. An empty one is a part, too.
    pub(super) fn send_snapshot(&mut self, to: NodeId, received: Option<Received>, ctx: &mut Ctx<'_, Self>) {
        let (chunk, window) = (self.config.chunk, self.burst());
        let (snapshot, start) = self.snapshots.outgoing(to, received);
        let total = snapshot.pieces.len();
        let end = start.saturating_add(chunk.saturating_mul(window)).min(total);
        for offset in (start..end.max(start + 1)).step_by(chunk) {
            ctx.send(
                to,
                Msg::Install(Part {
                    last: snapshot.last,
                    offset: offset as u32,
                    pieces: snapshot.pieces[offset..end.min(offset + chunk)].to_vec(),
                    sent: end as u32,
                    total: total as u32,
                }),
            );
        }
    }

    /// A part of a snapshot: when it is complete, it takes the place of all that is applied, unless that goes further. A leader does
    /// not listen: see [`on_learn`](Paxos::on_learn).
    pub(super) fn on_install(&mut self, from: NodeId, part: Part<PieceOf<S>>, ctx: &mut Ctx<'_, Self>) {
        if matches!(self.role, Role::Leader(_)) || part.last <= self.replica.applied() {
            return;
        }
        let count =
            |node: &Self| node.snapshots.received(from, node.replica.applied()).map_or(0, |received| received.pieces);
        let (before, sent) = (count(self), part.sent);
        if let Some(snapshot) = self.snapshots.take(from, part) {
            self.replica = Replica::restore(&snapshot, self.config.first());
            self.keep(snapshot, ctx);
            ctx.reached(milestones::SNAPSHOT_INSTALLED);
            self.apply_chosen(ctx);
            self.ask_for_decisions(from, ctx);
            self.lead_if_prepared(ctx);
        } else if before < sent && sent <= count(self) {
            self.ask_for_decisions(from, ctx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: NodeId = NodeId::at(1);

    fn snapshot(last: u64, pieces: &str) -> Snapshot<char> {
        Snapshot { last: Slot::new(last), pieces: pieces.chars().collect() }
    }

    fn part(last: u64, offset: u32, pieces: &str, total: u32) -> Part<char> {
        Part { last: Slot::new(last), offset, pieces: pieces.chars().collect(), sent: total, total }
    }

    fn received(last: u64, pieces: u32) -> Option<Received> {
        Some(Received { last: Slot::new(last), pieces })
    }

    #[test]
    fn parts_may_come_in_any_order_and_twice() {
        let mut snapshots = Snapshots::new(None);
        assert_eq!(snapshots.take(FROM, part(7, 4, "e", 5)), None);
        assert_eq!(snapshots.received(FROM, Slot::ZERO), received(7, 0));
        assert_eq!(snapshots.take(FROM, part(7, 0, "ab", 5)), None);
        assert_eq!(snapshots.take(FROM, part(7, 0, "ab", 5)), None);
        assert_eq!(snapshots.received(FROM, Slot::ZERO), received(7, 2));
        assert_eq!(snapshots.received(FROM, Slot::new(7)), None, "of no use any more");
        assert_eq!(snapshots.take(FROM, part(7, 2, "cd", 5)), Some(snapshot(7, "abcde")));
        assert_eq!(snapshots.received(FROM, Slot::ZERO), None);
        assert_eq!(snapshots.take(FROM, part(8, 0, "", 0)), Some(snapshot(8, "")), "of no objects");
    }

    #[test]
    fn two_snapshots_never_mix_be_they_of_one_sender_or_two() {
        let mut snapshots = Snapshots::new(None);
        assert_eq!(snapshots.take(FROM, part(7, 0, "a", 2)), None);
        assert_eq!(snapshots.take(NodeId::at(2), part(9, 1, "y", 2)), None);
        assert_eq!(snapshots.take(FROM, part(8, 1, "q", 2)), None, "the sender has begun anew");
        assert_eq!(snapshots.take(NodeId::at(2), part(9, 0, "x", 2)), Some(snapshot(9, "xy")));
        assert_eq!(snapshots.take(FROM, part(8, 0, "p", 2)), Some(snapshot(8, "pq")));
    }

    #[test]
    fn what_is_no_news_any_more_is_forgotten() {
        let mut snapshots = Snapshots::new(None);
        assert_eq!(snapshots.take(FROM, part(7, 0, "a", 2)), None);
        assert_eq!(snapshots.take(NodeId::at(2), part(9, 0, "x", 2)), None);
        snapshots.keep(snapshot(8, "pq"));
        assert_eq!(
            (snapshots.received(FROM, Slot::ZERO), snapshots.received(NodeId::at(2), Slot::ZERO)),
            (None, received(9, 1))
        );
    }

    #[test]
    fn what_a_node_is_being_sent_stays_the_same_until_it_begins_anew() {
        let mut snapshots = Snapshots::new(Some(snapshot(7, "ab")));
        assert_eq!(snapshots.outgoing(FROM, None), (&snapshot(7, "ab"), 0));
        snapshots.keep(snapshot(9, "xy"));
        assert_eq!(snapshots.outgoing(FROM, received(7, 1)), (&snapshot(7, "ab"), 1));
        assert_eq!(snapshots.outgoing(FROM, received(8, 1)), (&snapshot(9, "xy"), 0), "what another one sent");
        assert_eq!(snapshots.outgoing(FROM, None), (&snapshot(9, "xy"), 0));
    }
}
