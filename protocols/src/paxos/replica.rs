//! The replicated state machine: the service's objects and the clients' sessions, which make each operation happen exactly once.
//!
//! A client has one operation open at a time and numbers them in order, so the answer to the last one is all that a
//! session keeps. Sessions are never closed: a run has a fixed number of clients.

use shaketable_sim::id::OpId;
use shaketable_sim::spec::{Objects, Spec};

use super::rules::Rules;
use super::types::{Slot, Value};

/// What applying the decisions makes: a function of them alone, and so the same on every node.
#[derive(Clone, Debug)]
pub(super) struct Replica<S: Spec> {
    objects: Objects<S>,
    /// By client: its last operation that was applied, and the answer to it.
    sessions: Vec<Option<(u32, S::Ret)>>,
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
    pub(super) fn new() -> Self {
        Replica { objects: Objects::default(), sessions: Vec::new(), applied: Slot::ZERO }
    }

    /// The last slot that was applied.
    pub(super) fn applied(&self) -> Slot {
        self.applied
    }

    /// Applies the decision of a slot. The answer to its operation, if it has one that is still known.
    pub(super) fn apply(&mut self, slot: Slot, value: &Value<S::Op>, rules: &dyn Rules) -> Option<&S::Ret> {
        self.applied = slot;
        let Value::Command { id, op } = value else { return None };
        let client = id.client.index();
        if client >= self.sessions.len() {
            self.sessions.resize_with(client + 1, || None);
        }
        match &mut self.sessions[client] {
            Some((seq, _)) if rules.is_duplicate(*seq, id.seq) => {}
            session => *session = Some((id.seq, self.objects.apply(op))),
        }
        match &self.sessions[client] {
            Some((seq, ret)) if *seq == id.seq => Some(ret),
            _ => None,
        }
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
    use shaketable_sim::id::{ClientId, Key};
    use shaketable_sim::spec::counter::{Action, Counter, Op, Ret};

    use super::super::rules::Paper;
    use super::*;

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
        let mut replica = Replica::new();
        assert_eq!(add(&mut replica, 0, 1, 5), Some(5));
        assert_eq!(add(&mut replica, 1, 1, 2), Some(7));
        assert_eq!(add(&mut replica, 0, 1, 5), Some(5), "the answer of the first time");
        assert_eq!(replica.read(&Op { key: Key::at(0), action: Action::Read }), Ret(7));
        assert_eq!(replica.applied(), Slot::new(3));
    }

    #[test]
    fn an_operation_older_than_the_last_of_its_client_is_neither_applied_nor_answered() {
        let mut replica = Replica::new();
        assert_eq!(add(&mut replica, 0, 2, 5), Some(5));
        assert_eq!(add(&mut replica, 0, 1, 1), None);
        assert!(matches!(replica.lookup(id(0, 1), &Paper), Known::Outdated));
        assert!(matches!(replica.lookup(id(0, 2), &Paper), Known::Answered(Ret(5))));
        assert!(matches!(replica.lookup(id(0, 3), &Paper), Known::New));
        assert!(matches!(replica.lookup(id(9, 1), &Paper), Known::New));
    }
}
