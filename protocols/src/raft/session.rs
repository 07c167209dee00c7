//! The replicated state machine: the service's objects and the clients' sessions, which make each operation
//! happen exactly once (thesis §6.3).
//!
//! A client has one operation open at a time and numbers them in order, so the answer to the last one is all that a
//! session keeps. Sessions are never closed: a run has a fixed number of clients.

use shaketable_sim::id::{ClientId, OpId};
use shaketable_sim::spec::{Objects, Spec};

use super::configuration::Configuration;
use super::rules::Rules;
use super::types::{LogIndex, Payload, Piece, PieceOf, Shared, Snapshot};

/// What applying the log makes: a function of the applied entries alone, and so the same on every server.
#[derive(Clone, Debug)]
pub(super) struct Machine<S: Spec> {
    objects: Objects<S>,
    /// By client.
    sessions: Vec<Option<Session<S::Ret>>>,
    /// The last one that was applied, if there was any.
    configuration: Option<Configuration>,
    applied: LogIndex,
}

/// What is known of a client: its last operation that was applied, and the answer to it.
#[derive(Clone, Debug)]
struct Session<R> {
    seq: u32,
    ret: R,
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

impl<S: Spec> Machine<S> {
    pub(super) fn new() -> Self {
        Machine { objects: Objects::default(), sessions: Vec::new(), configuration: None, applied: LogIndex::ZERO }
    }

    /// As the entries up to the last of a snapshot have made it.
    pub(super) fn restore(snapshot: &Snapshot<PieceOf<S>>) -> Self {
        let mut machine = Machine { applied: snapshot.last.index, ..Machine::new() };
        for piece in snapshot.pieces.iter() {
            match piece {
                Piece::Object { key, state } => machine.objects.insert(*key, state.clone()),
                Piece::Session { id, ret } => {
                    *machine.session(id.client) = Some(Session { seq: id.seq, ret: ret.clone() })
                }
                Piece::Config(configuration) => machine.configuration = Some(configuration.clone()),
            }
        }
        machine
    }

    /// All that there is, for a snapshot: objects by key, then sessions by client, then the configuration.
    pub(super) fn pieces(&self, rules: &dyn Rules) -> Shared<PieceOf<S>> {
        let objects = self.objects.iter().map(|(key, state)| Piece::Object { key, state: state.clone() });
        let sessions = self.sessions.iter().enumerate().filter_map(|(index, session)| {
            let Session { seq, ret } = session.as_ref().filter(|_| rules.snapshots_sessions())?;
            Some(Piece::Session { id: OpId { client: ClientId::at(index), seq: *seq }, ret: ret.clone() })
        });
        let configuration = self.configuration.iter().cloned().map(Piece::Config);
        Shared::from(objects.chain(sessions).chain(configuration).collect::<Vec<_>>())
    }

    /// The configuration, once another one than the first was applied.
    pub(super) fn configuration(&self) -> Option<&Configuration> {
        self.configuration.as_ref()
    }

    /// The last entry that was applied.
    pub(super) fn applied(&self) -> LogIndex {
        self.applied
    }

    /// Applies the next entry. The answer to its operation, if it has one that is still known.
    pub(super) fn apply(&mut self, payload: &Payload<S::Op>, rules: &dyn Rules) -> Option<&S::Ret> {
        self.applied = self.applied.next();
        let (id, op) = match payload {
            Payload::Command { id, op } => (id, op),
            Payload::NoOp => return None,
            Payload::Config(configuration) => {
                self.configuration = Some((**configuration).clone());
                return None;
            }
        };
        match self.session(id.client) {
            Some(session) if rules.is_duplicate(session.seq, id.seq) => {}
            _ => self.sessions[id.client.index()] = Some(Session { seq: id.seq, ret: self.objects.apply(op) }),
        }
        match &self.sessions[id.client.index()] {
            Some(session) if session.seq == id.seq => Some(&session.ret),
            _ => None,
        }
    }

    /// Whether the operation of an entry that comes next has been applied already, as that of another.
    pub(super) fn has_applied(&self, payload: &Payload<S::Op>, rules: &dyn Rules) -> bool {
        matches!(payload, Payload::Command { id, .. } if !matches!(self.lookup(*id, rules), Known::New))
    }

    fn session(&mut self, client: ClientId) -> &mut Option<Session<S::Ret>> {
        let index = client.index();
        if index >= self.sessions.len() {
            self.sessions.resize_with(index + 1, || None);
        }
        &mut self.sessions[index]
    }

    /// What is known of an operation, before it is applied.
    pub(super) fn lookup(&self, id: OpId, rules: &dyn Rules) -> Known<'_, S::Ret> {
        match self.sessions.get(id.client.index()) {
            Some(Some(session)) if rules.is_duplicate(session.seq, id.seq) => {
                if session.seq == id.seq {
                    Known::Answered(&session.ret)
                } else {
                    Known::Outdated
                }
            }
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
    use shaketable_sim::id::Key;
    use shaketable_sim::spec::counter::{Action, Counter, Op, Ret};

    use super::super::rules::Paper;
    use super::*;

    fn id(client: usize, seq: u32) -> OpId {
        OpId { client: ClientId::at(client), seq }
    }

    fn add(machine: &mut Machine<Counter>, client: usize, seq: u32, amount: u64) -> Option<u64> {
        let op = Op { key: Key::at(0), action: Action::Add(amount) };
        machine.apply(&Payload::Command { id: id(client, seq), op }, &Paper).map(|ret| ret.0)
    }

    #[test]
    fn an_operation_is_applied_once_and_answered_the_same_again() {
        let mut machine = Machine::new();
        assert_eq!(add(&mut machine, 0, 1, 5), Some(5));
        assert_eq!(add(&mut machine, 1, 1, 2), Some(7));
        assert_eq!(add(&mut machine, 0, 1, 5), Some(5), "the answer of the first time");
        assert_eq!(machine.read(&Op { key: Key::at(0), action: Action::Read }), Ret(7));
        assert_eq!(machine.applied(), LogIndex::new(3));
    }

    #[test]
    fn an_operation_older_than_the_last_of_its_client_is_neither_applied_nor_answered() {
        let mut machine = Machine::new();
        assert_eq!(add(&mut machine, 0, 2, 5), Some(5));
        assert_eq!(add(&mut machine, 0, 1, 1), None);
        assert!(matches!(machine.lookup(id(0, 1), &Paper), Known::Outdated));
        assert!(matches!(machine.lookup(id(0, 2), &Paper), Known::Answered(Ret(5))));
        assert!(matches!(machine.lookup(id(0, 3), &Paper), Known::New));
        assert!(matches!(machine.lookup(id(9, 1), &Paper), Known::New));
    }
}
