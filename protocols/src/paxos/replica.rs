//! The replicated state machine: the service's objects and the clients' sessions, which make each operation happen exactly once.
//!
//! A client has one operation open at a time and numbers them in order, so the answer to the last one is all that a
//! session keeps. Sessions are never closed: a run has a fixed number of clients.

use shaketable_sim::id::{ClientId, OpId};
use shaketable_sim::spec::{Objects, Spec};

use super::configuration::Configurations;
use super::rules::Rules;
use super::types::{Piece, PieceOf, Slot, Snapshot, Value};

/// What applying the decisions makes: a function of them alone, and so the same on every node.
#[derive(Clone, Debug)]
pub(super) struct Replica<S: Spec> {
    objects: Objects<S>,
    /// By client: its last operation that was applied, and the answer to it.
    sessions: Vec<Option<(u32, S::Ret)>>,
    /// Who runs which slots.
    configurations: Configurations,
    applied: Slot,
}

/// What a session says of an operation.
pub(super) enum Known<'a, R> {
    /// It has not been applied.
    New,
    /// It is the last one applied of its client; this is its answer.
    Answered(&'a R),
    /// A later one of its client has been applied: it will never be, and its answer is forgotten.
    Outdated,
}

impl<S: Spec> Replica<S> {
    /// Before anything is decided.
    pub(super) fn new(first: Configurations) -> Self {
        Replica { objects: Objects::default(), sessions: Vec::new(), configurations: first, applied: Slot::ZERO }
    }

    /// As the decisions of the slots up to the last of a snapshot have made it, in a cluster that began with these configurations.
    pub(super) fn restore(snapshot: &Snapshot<PieceOf<S>>, first: Configurations) -> Self {
        let mut replica = Replica { applied: snapshot.last, ..Replica::new(first) };
        for piece in &snapshot.pieces {
            match piece {
                Piece::Object { key, state } => replica.objects.insert(*key, state.clone()),
                Piece::Session { id, ret } => *replica.session(id.client) = Some((id.seq, ret.clone())),
                Piece::Tenure(tenure) => replica.configurations.restore(tenure.clone()),
            }
        }
        replica.configurations.advance(snapshot.last);
        replica
    }

    /// All that there is, for a snapshot.
    pub(super) fn pieces(&self, rules: &dyn Rules) -> Vec<PieceOf<S>> {
        let objects = self.objects.iter().map(|(key, state)| Piece::Object { key, state: state.clone() });
        let sessions = self.sessions.iter().enumerate().filter_map(|(index, session)| {
            let (seq, ret) = session.as_ref().filter(|_| rules.snapshots_sessions())?;
            Some(Piece::Session { id: OpId { client: ClientId::at(index), seq: *seq }, ret: ret.clone() })
        });
        let tenures = self.configurations.decided().filter(|_| rules.snapshots_configurations());
        objects.chain(sessions).chain(tenures.cloned().map(Piece::Tenure)).collect()
    }

    /// Who runs which slots, as far as what is applied tells.
    pub(super) fn configurations(&self) -> &Configurations {
        &self.configurations
    }

    /// The last slot that was applied.
    pub(super) fn applied(&self) -> Slot {
        self.applied
    }

    /// Applies the decision of a slot. The answer to its operation, if it has one that is still known.
    pub(super) fn apply(&mut self, slot: Slot, value: &Value<S::Op>, rules: &dyn Rules) -> Option<&S::Ret> {
        self.applied = slot;
        if let Value::Reconfigure(configuration) = value {
            self.configurations.decide(slot, (**configuration).clone(), rules);
        }
        self.configurations.advance(slot);
        let Value::Command { id, op } = value else { return None };
        match self.session(id.client) {
            Some((seq, _)) if rules.is_duplicate(*seq, id.seq) => {}
            _ => self.sessions[id.client.index()] = Some((id.seq, self.objects.apply(op))),
        }
        match &self.sessions[id.client.index()] {
            Some((seq, ret)) if *seq == id.seq => Some(ret),
            _ => None,
        }
    }

    /// Whether a value that comes next asks for what has been applied already, as another one.
    pub(super) fn has_applied(&self, value: &Value<S::Op>, rules: &dyn Rules) -> bool {
        matches!(value, Value::Command { id, .. } if !matches!(self.lookup(*id, rules), Known::New))
    }

    fn session(&mut self, client: ClientId) -> &mut Option<(u32, S::Ret)> {
        let index = client.index();
        if index >= self.sessions.len() {
            self.sessions.resize_with(index + 1, || None);
        }
        &mut self.sessions[index]
    }

    /// What is known of an operation, before it is applied.
    pub(super) fn lookup(&self, id: OpId, rules: &dyn Rules) -> Known<'_, S::Ret> {
        match self.sessions.get(id.client.index()) {
            Some(Some((seq, ret))) if *seq == id.seq && rules.is_duplicate(*seq, id.seq) => Known::Answered(ret),
            Some(Some((seq, _))) if rules.is_duplicate(*seq, id.seq) => Known::Outdated,
            _ => Known::New,
        }
    }

    /// Answers a read from the state as it is.
    pub(super) fn read(&self, op: &S::Op) -> S::Ret {
        self.objects.read(op)
    }
}

#[cfg(test)]
mod tests {
    use shaketable_sim::id::{ClientId, Key, NodeId};
    use shaketable_sim::spec::counter::{Action, Counter, Op, Ret};

    use super::super::configuration::Configuration;
    use super::super::quorums::Sizes;
    use super::super::rules::Paper;
    use super::*;

    fn first() -> Configurations {
        Configurations::new(members(0..3), Some(2))
    }

    fn members(nodes: std::ops::Range<usize>) -> Configuration {
        Configuration::new(nodes.map(NodeId::at).collect(), Sizes::Majorities).unwrap()
    }

    fn empty() -> Replica<Counter> {
        Replica::new(first())
    }

    fn id(client: usize, seq: u32) -> OpId {
        OpId { client: ClientId::at(client), seq }
    }

    fn add(replica: &mut Replica<Counter>, client: usize, seq: u32, amount: u64) -> Option<u64> {
        let op = Op { key: Key::at(0), action: Action::Add(amount) };
        let slot = replica.applied().next();
        replica.apply(slot, &Value::Command { id: id(client, seq), op }, &Paper).map(|ret| ret.0)
    }

    #[test]
    fn an_operation_is_applied_once_and_answered_the_same_again() {
        let mut replica = empty();
        assert_eq!(add(&mut replica, 0, 1, 5), Some(5));
        assert_eq!(add(&mut replica, 1, 1, 2), Some(7));
        assert_eq!(add(&mut replica, 0, 1, 5), Some(5), "the answer of the first time");
        assert_eq!(replica.read(&Op { key: Key::at(0), action: Action::Read }), Ret(7));
        assert_eq!(replica.applied(), Slot::new(3));
    }

    #[test]
    fn a_replica_that_is_restored_goes_on_as_the_one_that_was_snapshotted() {
        let mut replica = empty();
        (1..=3).for_each(|seq| assert_eq!(add(&mut replica, 2, seq, 5), Some(u64::from(5 * seq))));
        let mut restored =
            Replica::restore(&Snapshot { last: replica.applied(), pieces: replica.pieces(&Paper) }, first());
        assert_eq!(restored.applied(), Slot::new(3));
        assert_eq!(add(&mut restored, 2, 3, 5), Some(15), "its sessions are there");
        assert_eq!(add(&mut restored, 2, 4, 1), Some(16), "and its objects");
        assert_eq!((add(&mut replica, 2, 3, 5), add(&mut replica, 2, 4, 1)), (Some(15), Some(16)));
        assert_eq!(restored.pieces(&Paper), replica.pieces(&Paper));
    }

    #[test]
    fn a_replica_that_is_restored_knows_who_runs_the_next_slots() {
        let mut replica = empty();
        for (slot, nodes) in [(1, 1..4), (2, 2..5), (4, 0..5)] {
            let value: Value<Op> = Value::Reconfigure(Box::new(members(nodes)));
            replica.apply(Slot::new(slot), &value, &Paper);
        }
        replica.apply(Slot::new(6), &Value::NoOp, &Paper);
        let restored =
            Replica::<Counter>::restore(&Snapshot { last: Slot::new(6), pieces: replica.pieces(&Paper) }, first());
        for slot in (5..9).map(Slot::new) {
            let expected = if slot < Slot::new(6) { members(2..5) } else { members(0..5) };
            assert_eq!((replica.configurations().of(slot), restored.configurations().of(slot)), (&expected, &expected));
        }
        assert_eq!(restored.pieces(&Paper), replica.pieces(&Paper));
        assert_eq!(replica.pieces(&Paper).len(), 2, "who ran slot 3 is forgotten");
    }

    #[test]
    fn an_operation_older_than_the_last_of_its_client_is_neither_applied_nor_answered() {
        let mut replica = empty();
        assert_eq!(add(&mut replica, 0, 2, 5), Some(5));
        assert_eq!(add(&mut replica, 0, 1, 1), None);
        assert!(matches!(replica.lookup(id(0, 1), &Paper), Known::Outdated));
        assert!(matches!(replica.lookup(id(0, 2), &Paper), Known::Answered(Ret(5))));
        assert!(matches!(replica.lookup(id(0, 3), &Paper), Known::New));
        assert!(matches!(replica.lookup(id(9, 1), &Paper), Known::New));
    }
}
