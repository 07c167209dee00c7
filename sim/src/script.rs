//! Scripts: operations that are asked for at their times, and no others, in the place of what a workload draws.
//!
//! A recorded run has one, and so what clients do can be read, changed and cut down like everything else.

use std::fmt;

use crate::history::{History, Operation};
use crate::id::{ClientId, NodeId, OpId};
use crate::rng::Stream;
use crate::spec::any;
use crate::time::{Instant, Span};
use crate::workload::{Turn, Workload, WorkloadType};

/// An operation of a script. Written as `c1 1.5s put k1 7`, or as `c1→n2 1.5s put k1 7`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scripted {
    /// Who asks for it.
    pub client: ClientId,
    /// Which node it asks first; the one that it would have asked in any case if none.
    pub to: Option<NodeId>,
    /// When, or as soon afterwards as the client is done with what it asked for before.
    pub at: Instant,
    /// What.
    pub op: any::Op,
}

impl Scripted {
    /// Reads a line, of which the operation is one of this workload.
    ///
    /// # Errors
    /// What is wrong with it, and what is allowed.
    ///
    /// ```
    /// use shaketable_sim::script::Scripted;
    /// use shaketable_sim::workload::WORKLOADS;
    /// let kv = WORKLOADS.iter().find(|workload| workload.name == "kv").expect("a workload");
    /// let line = Scripted::read("c2→n1 1.5s put k1 7", kv).expect("a line");
    /// assert_eq!(line.to_string(), "c2→n1 1.5s put k1 7");
    /// assert!(Scripted::read("c2 put k1 7", kv).is_err());
    /// ```
    pub fn read(line: &str, workload: &WorkloadType) -> Result<Scripted, WrongLine> {
        let (ends, rest) = first_word(line);
        let (at, op) = first_word(rest);
        let wrong = |what: &str, given: &str, allowed: String| WrongLine {
            message: format!("`{given}` is no {what}"),
            allowed,
        };
        let whole = || "write a client, a time and an operation: `c1 1.5s …`, or `c1→n2 1.5s …`".to_owned();
        let (client, to) = match ends.split_once('→').or(ends.split_once("->")) {
            Some((client, to)) => (client, Some(to)),
            None => (ends, None),
        };
        let operation = format!("operation of `{}`", workload.name);
        Ok(Scripted {
            client: client.parse().map_err(|_| wrong("client", client, whole()))?,
            to: to.map(|to| to.parse().map_err(|_| wrong("node", to, whole()))).transpose()?,
            at: at.parse().map(|at: Span| Instant::ZERO + at).map_err(|error| wrong("time", at, error.to_string()))?,
            op: (workload.read)(op).map_err(|error| wrong(&operation, op, error.to_string()))?,
        })
    }
}

/// A text's first word, and what follows it.
fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim_start()))
}

/// What a run's clients have asked for.
///
/// Guarantee: with this script in the place of a closed loop's chance, the same plan and the same seed give the same run.
pub fn of(history: &History<any::Any>) -> Vec<Scripted> {
    let line = |operation: &Operation<any::Any>| Scripted {
        client: operation.id.client,
        to: None,
        at: operation.invoked.at,
        op: operation.op.clone(),
    };
    history.iter().map(line).collect()
}

impl fmt::Display for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.client)?;
        if let Some(to) = self.to {
            write!(f, "→{to}")?;
        }
        write!(f, " {} {}", self.at, self.op)
    }
}

/// What is wrong with a line of a script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrongLine {
    /// What is wrong with what was given.
    pub message: String,
    /// What is allowed.
    pub allowed: String,
}

/// The workload of a script.
pub(crate) struct Script(
    /// The lines of each client, in order.
    Vec<Vec<Scripted>>,
);

impl Script {
    /// Clients ask in the order of the lines.
    pub(crate) fn new(lines: &[Scripted]) -> Script {
        let clients = lines.iter().map(|line| line.client.index() + 1).max().unwrap_or(0);
        let mut script = vec![Vec::new(); clients];
        lines.iter().for_each(|line| script[line.client.index()].push(line.clone()));
        Script(script)
    }

    fn line(&self, id: OpId) -> Option<&Scripted> {
        self.0.get(id.client.index())?.get(id.seq as usize - 1)
    }
}

impl Workload<any::Any> for Script {
    fn next(&self, id: OpId, _: Option<&(any::Op, any::Ret)>, _: &mut Stream) -> any::Op {
        self.line(id).expect("a client whose turn is over asks for nothing").op.clone()
    }

    fn turn(&self, id: OpId) -> Turn {
        self.line(id).map_or(Turn::Over, |line| Turn::At(line.at))
    }

    fn first(&self, id: OpId) -> Option<NodeId> {
        self.line(id)?.to
    }
}
