//! Planted bugs that lie in what a server does about its decisions: in its effects, or in what becomes of its state.

use shaketable_sim::node::{Effect, EffectOf, Node, Observation, Role as NodeRole};
use shaketable_sim::spec::any::Any;

use crate::raft::Raft;
use crate::raft::types::{Appended, Entries, Msg, MsgOf, Outcome, Record, Vote};
use crate::tamper::Tamper;

type Effects = Vec<EffectOf<Raft<Any>>>;

/// The record keeps the term and loses the vote.
#[derive(Debug)]
pub(super) struct ForgetsVote;

impl Tamper<Raft<Any>> for ForgetsVote {
    fn tamper(&self, effects: &mut Effects) {
        for effect in effects {
            if let Effect::Write(Record::Ballot { vote, .. }) = effect {
                *vote = None;
            }
        }
    }
}

/// The sync comes after what should have waited for it.
#[derive(Debug)]
pub(super) struct AcksBeforeSync;

impl Tamper<Raft<Any>> for AcksBeforeSync {
    fn tamper(&self, effects: &mut Effects) {
        let mut released = false;
        effects.retain(|effect| {
            let sync = matches!(effect, Effect::Sync { .. });
            released |= sync;
            !sync
        });
        if released {
            effects.push(Effect::Sync { held: 0 });
        }
    }
}

/// Who has written nothing just now does not wait with the acknowledgement, although what was written before may still be on its way to the disk.
#[derive(Debug)]
pub(super) struct AcksDuplicatesBeforeSync;

impl Tamper<Raft<Any>> for AcksDuplicatesBeforeSync {
    fn tamper(&self, effects: &mut Effects) {
        if !effects.iter().any(|effect| matches!(effect, Effect::Write(_) | Effect::Compact(_))) {
            without_sync(effects, |msg| matches!(msg, Msg::Appended(Appended { outcome: Outcome::Match(_), .. })));
        }
    }
}

/// Whoever would not vote keeps silent about it, and about its term.
#[derive(Debug)]
pub(super) struct PreVoteDeniedSilently;

impl Tamper<Raft<Any>> for PreVoteDeniedSilently {
    fn tamper(&self, effects: &mut Effects) {
        let denied = |msg: &MsgOf<Any>| matches!(msg, Msg::PreVote(Vote { granted: false, .. }));
        without_sync(effects, denied);
        effects.retain(|effect| !matches!(effect, Effect::Send { msg, .. } if denied(msg)));
    }
}

/// The ballot in a journal that begins with a snapshot is made from the snapshot.
#[derive(Debug)]
pub(super) struct SnapshotTermRegress;

impl Tamper<Raft<Any>> for SnapshotTermRegress {
    fn tamper(&self, effects: &mut Effects) {
        for effect in effects {
            if let Effect::Compact(records) = effect
                && let [Record::Ballot { term, vote }, Record::Snapshot(snapshot), ..] = &mut records[..]
            {
                (*term, *vote) = (snapshot.last.term, None);
            }
        }
    }
}

/// A leader that was deposed takes what it could not commit for lost.
#[derive(Debug)]
pub(super) struct StepdownTruncatesLog;

impl Tamper<Raft<Any>> for StepdownTruncatesLog {
    fn meddle(&self, was: Observation, server: &mut Raft<Any>, effects: &mut Effects) {
        let is = server.observe();
        // Who hears of its successor in the same moment may have taken entries from it.
        let deposed = was.role == NodeRole::Leader && is.role == NodeRole::Follower && is.leader.is_none();
        if deposed && server.commit < server.log.last_index() {
            server.log.truncate(server.commit);
            effects.insert(0, Effect::Write(Record::Append { after: server.commit, entries: Entries::none() }));
        }
    }
}

/// Lets go at once of each message of this sort that alone waits for a sync.
fn without_sync(effects: &mut Effects, sort: impl Fn(&MsgOf<Any>) -> bool) {
    let mut place = 0;
    while place < effects.len() {
        let waits = matches!(&effects[place..], [Effect::Sync { held: 1 }, Effect::Send { msg, .. }, ..] if sort(msg));
        if waits {
            effects.remove(place);
        }
        place += 1;
    }
}
