//! The protocols of Shaketable: the right ones, and apart from them the wrong ones.
//!
//! A protocol is a folder here and one line in [`CATALOGUE`]. Its planted bugs are listed in its own folder.

use shaketable_sim::check::invariant::Property;
use shaketable_sim::node::Milestone;
use shaketable_sim::param::{Args, Param, ParamError};
use shaketable_sim::plan::Plan;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Checkpoint, Run};
use shaketable_sim::spec::any::Any;
use shaketable_sim::swarm::{Dial, Tolerance};
use shaketable_sim::trace::Sink;
use shaketable_sim::world::Rest;

pub mod dynamo;
pub mod paxos;
pub mod raft;
pub mod ring;
mod run;
pub mod synod;
pub mod tamper;

/// All protocols.
pub static CATALOGUE: &[Protocol] = &[raft::RAFT, paxos::PAXOS, synod::SYNOD, ring::RING, dynamo::DYNAMO];

/// A protocol, as scenarios see it.
pub struct Protocol {
    /// Its name in scenario files, which is also that of its table of parameters: `raft`.
    pub name: &'static str,
    /// What it is, in a sentence, with its paper.
    pub doc: &'static str,
    /// What it claims to bear, in a sentence.
    pub tolerates: &'static str,
    /// How its traces and reports write what it names, in a sentence.
    pub notation: &'static str,
    /// What it claims to bear, as set up in some run: what a swarm stays within.
    pub bears: fn(&Args, &Plan) -> Tolerance,
    /// What can be written in its table.
    pub params: &'static [Param],
    /// Those of its parameters that a swarm may turn.
    pub dials: &'static [Dial],
    /// The kinds of its messages.
    pub messages: &'static [&'static str],
    /// What it promises.
    pub properties: &'static [Property],
    /// What its nodes do inside that a scenario can demand in `[expect] reach`.
    pub milestones: &'static [Milestone],
    /// The ways in which it can be got wrong.
    pub bugs: &'static [Bug],
    /// What is wrong with values that are each right by themselves. Errors name the parameter in `message`; the loader finds the place.
    pub check: fn(&Args, &Plan) -> Vec<(&'static str, ParamError)>,
    /// Runs it, right or with a bug of its own.
    pub run: Runner,
    /// Runs it up to some moment, and tells what may come of it from there.
    pub fork: Forker,
}

/// Runs a protocol through a plan, with its own parameters, with a bug of its own or without, from a seed; with a trace if there is a sink for it.
pub type Runner = fn(&Plan, &Args, Option<&'static Bug>, Seed, Option<Sink<'_>>) -> Run<Any>;

/// Runs a protocol as a [`Runner`] does, without a trace, until so many events have happened, and hands that moment and [what may come of it](Rest) over.
pub type Forker = fn(&Plan, &Args, Option<&'static Bug>, Seed, u64, &mut dyn FnMut(Checkpoint, Rest<'_, Any>));

/// A defect, planted on purpose, apart from the right code.
pub struct Bug {
    /// Its name behind the protocol's in scenario files: `forgets-vote`, as in `protocol = "raft/forgets-vote"`.
    pub name: &'static str,
    /// What it does wrong, in a sentence.
    pub doc: &'static str,
    /// Where it happened or could have: a paper's section, real systems.
    pub source: &'static str,
    /// The signature of the violation that gives it away: `invariant/election-safety`.
    pub caught_by: &'static str,
}
