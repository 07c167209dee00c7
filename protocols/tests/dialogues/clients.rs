//! The clients of a dialogue: what they ask, what they are told, and whether all of it can be true.

use shaketable_sim::check::linearizable::{Budget, Linearizability, check};
use shaketable_sim::history::{History, Moment, Operation, Outcome};
use shaketable_sim::id::{ClientId, NodeId, OpId, RequestId};
use shaketable_sim::spec::any::{Any, Op, Ret};
use shaketable_sim::time::Instant;

/// Far more than a script's history can cost.
const BUDGET: Budget = Budget { states: 1_000_000, bytes: 100_000_000 };

/// All clients, and what they have seen.
#[derive(Default)]
pub(crate) struct Clients {
    history: History<Any>,
    /// By operation, in the order of the history.
    attempts: Vec<u16>,
    moments: u32,
}

impl Clients {
    /// A client asks for something new.
    ///
    /// # Errors
    /// It still waits for an answer: a client has one operation open at a time.
    pub(crate) fn ask(&mut self, client: ClientId, op: Op, node: NodeId, at: Instant) -> Result<RequestId, String> {
        let last = self.last(client);
        let seq = match last.map(|place| &self.history[place]) {
            Some(last) if last.outcome == Outcome::Unknown => {
                return Err(format!(
                    "{client} still waits for the answer to {}: `retry` it, or ask as another",
                    last.id
                ));
            }
            last => last.map_or(1, |last| last.id.seq + 1),
        };
        let id = OpId { client, seq };
        let invoked = self.moment(at);
        self.history.push(Operation { id, op, invoked, node, outcome: Outcome::Unknown });
        self.attempts.push(1);
        Ok(RequestId { op: id, attempt: 1 })
    }

    /// A client that has no answer asks again.
    ///
    /// # Errors
    /// It waits for no answer.
    pub(crate) fn retry(&mut self, client: ClientId, node: NodeId) -> Result<(RequestId, Op), String> {
        match self.last(client) {
            Some(place) if self.history[place].outcome == Outcome::Unknown => {
                self.attempts[place] += 1;
                let operation = &mut self.history[place];
                operation.node = node;
                Ok((RequestId { op: operation.id, attempt: self.attempts[place] }, operation.op.clone()))
            }
            _ => Err(format!("{client} waits for no answer")),
        }
    }

    /// An answer reaches its client. If all must be linearizable and no moment can be found for each operation so far, the story of that.
    ///
    /// An operation whose first attempts were rejected may have been answered on a later one, so a rejection decides nothing here.
    pub(crate) fn answered(&mut self, id: RequestId, ret: Ret, at: Instant, linearizable: bool) -> Option<Vec<String>> {
        let returned = self.moment(at);
        let operation = self.history.iter_mut().find(|operation| operation.id == id.op)?;
        if operation.outcome != Outcome::Unknown {
            return None; // It has had an answer, and goes by that.
        }
        operation.outcome = Outcome::Ok { ret, returned };
        if !linearizable {
            return None;
        }
        match check(&self.history, BUDGET) {
            Linearizability::Linearizable { .. } => None,
            Linearizability::Violation(counterexample) => Some(counterexample.tell()),
            Linearizability::Inconclusive { reason, .. } => panic!("a script is too long: {reason}"),
        }
    }

    /// All that they have seen.
    pub(crate) fn history(&self) -> &History<Any> {
        &self.history
    }

    fn last(&self, client: ClientId) -> Option<usize> {
        self.history.iter().rposition(|operation| operation.id.client == client)
    }

    fn moment(&mut self, at: Instant) -> Moment {
        self.moments += 1;
        Moment { order: self.moments - 1, at }
    }
}
