//! The ways in which the Synod can be got wrong: each another rule in place of the paper's, or a change to what a node does.
//!
//! A planted bug is one line in the table below. Not one line of the right code knows of it.

use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Effect, EffectOf};
use shaketable_sim::spec::Spec;
use shaketable_sim::spec::any::Any;

use super::Synod;
use super::rules::Rules;
use super::types::{Ballot, Record};
use crate::Bug;
use crate::tamper::Tamper;

/// How a bug is planted.
#[derive(Clone, Copy, Debug)]
pub enum Planted {
    /// Other rules.
    Rules(&'static dyn Rules),
    /// Other effects.
    Effects(&'static dyn Tamper<Synod<Any>>),
}

macro_rules! bugs {
    ($($name:literal: $planted:expr, doc: $doc:literal, source: $source:literal, caught_by: $caught_by:literal;)*) => {
        /// All planted bugs of the Synod.
        pub static BUGS: &[Bug] =
            &[$(Bug { name: $name, doc: $doc, source: $source, caught_by: $caught_by }),*];

        /// How the bug of this name is planted. None if there is no such bug.
        pub fn planted(name: &str) -> Option<Planted> {
            match name {
                $($name => Some($planted),)*
                _ => None,
            }
        }
    };
}

bugs! {
    "proposes-own-value": Planted::Rules(&ProposesOwnValue),
        doc: "a proposer proposes what its client asked for, also where a promise has told it of an accepted value",
        source: "§2.2, P2c: the mutant of every textbook",
        caught_by: "invariant/p2c";
    "takes-lowest-ballot-value": Planted::Rules(&TakesLowestBallotValue),
        doc: "of several accepted values that promises report, a proposer takes the one of the lowest ballot",
        source: "§2.2, P2c; EPaxos #20 lost track of which of two values was the newer",
        caught_by: "invariant/p2c";
    "value-by-count": Planted::Rules(&ValueByCount),
        doc: "of several accepted values, a proposer takes the one that the most promises report",
        source: "§2.2, P2c: the majority that counts is not the one that votes on the value",
        caught_by: "invariant/p2c";
    "accepts-below-promise": Planted::Rules(&AcceptsBelowPromise),
        doc: "an acceptor accepts whatever it is asked to, also below its promise",
        source: "§2.2, P1a",
        caught_by: "invariant/p1a";
    "promises-below-promise": Planted::Rules(&PromisesBelowPromise),
        doc: "an acceptor promises lower ballots after higher ones, so that an old proposer goes on to phase 2",
        source: "§2.2, phase 1: \"greater than that of any prepare request to which it has already responded\"",
        caught_by: "invariant/promise-kept";
    "accept-does-not-raise-promise": Planted::Rules(&AcceptDoesNotRaisePromise),
        doc: "an acceptor that accepts a ballot without having promised it goes on accepting lower ones",
        source: "a reading of §2.2 that is easily missed; consensus-essence",
        caught_by: "invariant/vote-kept";
    "quorum-by-messages": Planted::Rules(&QuorumByMessages),
        doc: "answers are counted, not those who gave them: one acceptor whose answer is doubled on its way makes two",
        source: "§2.1 (messages \"can be duplicated\"), §2.2",
        caught_by: "invariant/chosen-by-majority";
    "half-is-a-majority": Planted::Rules(&HalfIsAMajority),
        doc: "half of the acceptors are taken for a majority: of four, two and the other two",
        source: "§2.2 (\"any two majorities have at least one acceptor in common\")",
        caught_by: "invariant/chosen-by-majority";
    "stale-promise-counted": Planted::Rules(&StalePromiseCounted),
        doc: "a proposer counts promises that answer an earlier attempt of its own",
        source: "§2.2, phase 2; MyPaxos #18",
        caught_by: "invariant/promise-kept";
    "learner-mixes-ballots": Planted::Rules(&LearnerMixesBallots),
        doc: "a learner counts acceptances of one value together that are of different ballots",
        source: "§2.3",
        caught_by: "invariant/chosen-by-majority";
    "ballot-not-durable": Planted::Effects(&Forgets::Ballots),
        doc: "a proposer does not write down which ballots it has tried, and uses one again after a restart",
        source: "§2.5 (\"remembers (in stable storage) the highest-numbered proposal it has tried to issue\"); phxpaxos #145",
        caught_by: "invariant/one-value-per-ballot";
    "promise-not-durable": Planted::Effects(&Forgets::Promises),
        doc: "an acceptor does not write down what it promises: after a restart it accepts what it had promised not to",
        source: "§2.5; SwiftPaxos #3",
        caught_by: "invariant/promise-kept";
    "vote-not-durable": Planted::Effects(&Forgets::Votes),
        doc: "an acceptor does not write down what it accepts: after a restart it reports nothing to the next proposer",
        source: "§2.5; AtlasDB timelock #1504",
        caught_by: "invariant/vote-kept";
    "answers-before-sync": Planted::Effects(&AnswersBeforeSync),
        doc: "an acceptor answers before its promise or vote is durable: a power failure takes back what others rely on",
        source: "§2.5 (\"before actually sending the response\")",
        caught_by: "invariant/vote-kept";
}

#[derive(Debug)]
struct ProposesOwnValue;

impl Rules for ProposesOwnValue {
    fn value_to_propose(&self, _: &[Ballot]) -> Option<usize> {
        None
    }
}

#[derive(Debug)]
struct TakesLowestBallotValue;

impl Rules for TakesLowestBallotValue {
    fn value_to_propose(&self, reported: &[Ballot]) -> Option<usize> {
        (0..reported.len()).min_by_key(|&place| reported[place])
    }
}

#[derive(Debug)]
struct ValueByCount;

impl Rules for ValueByCount {
    fn value_to_propose(&self, reported: &[Ballot]) -> Option<usize> {
        let count = |ballot: Ballot| reported.iter().filter(|&&other| other == ballot).count();
        (0..reported.len()).max_by_key(|&place| (count(reported[place]), reported[place]))
    }
}

#[derive(Debug)]
struct AcceptsBelowPromise;

impl Rules for AcceptsBelowPromise {
    fn may_accept(&self, _: Ballot, _: Ballot) -> bool {
        true
    }
}

#[derive(Debug)]
struct PromisesBelowPromise;

impl Rules for PromisesBelowPromise {
    fn may_promise(&self, _: Ballot, _: Ballot) -> bool {
        true
    }
}

#[derive(Debug)]
struct AcceptDoesNotRaisePromise;

impl Rules for AcceptDoesNotRaisePromise {
    fn promise_after_accept(&self, promised: Option<Ballot>, _: Ballot) -> Option<Ballot> {
        promised
    }
}

#[derive(Debug)]
struct QuorumByMessages;

impl Rules for QuorumByMessages {
    fn counts_answer(&self, _: &[NodeId], _: NodeId) -> bool {
        true
    }
}

#[derive(Debug)]
struct HalfIsAMajority;

impl Rules for HalfIsAMajority {
    fn is_majority(&self, acceptors: usize, nodes: usize) -> bool {
        2 * acceptors >= nodes
    }
}

#[derive(Debug)]
struct StalePromiseCounted;

impl Rules for StalePromiseCounted {
    fn counts_promise(&self, _: Ballot, _: Ballot) -> bool {
        true
    }
}

#[derive(Debug)]
struct LearnerMixesBallots;

impl Rules for LearnerMixesBallots {
    fn counts_together(&self, _: Ballot, _: Ballot) -> bool {
        true
    }
}

/// What is in memory alone, and never written.
#[derive(Debug)]
enum Forgets {
    Ballots,
    Promises,
    Votes,
}

impl<S: Spec> Tamper<Synod<S>> for Forgets {
    fn tamper(&self, effects: &mut Vec<EffectOf<Synod<S>>>) {
        let forgotten = |record: &Record<S::Op>| match self {
            Forgets::Ballots => matches!(record, Record::Tried { .. }),
            Forgets::Promises => matches!(record, Record::Promised { .. }),
            Forgets::Votes => matches!(record, Record::Accepted { .. }),
        };
        effects.retain(|effect| !matches!(effect, Effect::Write(record) if forgotten(record)));
    }
}

/// The sync comes after what should have waited for it.
#[derive(Debug)]
struct AnswersBeforeSync;

impl<S: Spec> Tamper<Synod<S>> for AnswersBeforeSync {
    fn tamper(&self, effects: &mut Vec<EffectOf<Synod<S>>>) {
        let before = effects.len();
        effects.retain(|effect| !matches!(effect, Effect::Sync { .. }));
        if effects.len() < before {
            effects.push(Effect::Sync { held: 0 });
        }
    }
}
