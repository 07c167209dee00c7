//! What must always hold of the Synod: the requirements of "Paxos Made Simple" §2.2 by their names there, from P1a to P2c, and
//! what they are for. Checked after every event, on the node and the decree that it was about.
//!
//! The monitor sees what no node can: all promises, votes and proposals at once. What was promised or accepted in memory and lost
//! in a crash before its sync was told to nobody, and is no breach. So what must survive is read off those who rely on it: a promise
//! that a proposer has counted, a vote that a learner has heard of.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use shaketable_sim::check::invariant::{Breach, Invariants, Now, Property, Sight};
use shaketable_sim::digest::digest_of;
use shaketable_sim::history::History;
use shaketable_sim::id::{Key, NodeId};
use shaketable_sim::spec::Spec;

use super::learner::Heard;
use super::proposer::Attempt;
use super::types::{Ballot, Vote};
use super::{Decree, Standing, Synod, Touched};

/// "Only a single value is chosen." §2.1
pub const AGREEMENT: &str = "agreement";
/// "Only a value that has been proposed may be chosen." §2.1
pub const VALIDITY: &str = "validity";
/// "A process never learns that a value has been chosen unless it actually has been." §2.1
pub const CHOSEN_BY_MAJORITY: &str = "chosen-by-majority";
/// "Different proposals have different numbers." §2.2
pub const ONE_VALUE_PER_BALLOT: &str = "one-value-per-ballot";
/// A promise is for ever. §2.2, §2.5
pub const PROMISE_KEPT: &str = "promise-kept";
/// A vote is never forgotten, nor replaced by a lower one. §2.2, §2.5
pub const VOTE_KEPT: &str = "vote-kept";
/// "An acceptor can accept a proposal numbered n iff it has not responded to a prepare request having a number greater than n." §2.2
pub const P1A: &str = "p1a";
/// "If a proposal with value v is chosen, then every higher-numbered proposal issued by any proposer has value v." §2.2
pub const P2B: &str = "p2b";
/// "For any v and n, if a proposal with value v and number n is issued, then there is a set S consisting of a majority of acceptors such that
/// either (a) no acceptor in S has accepted any proposal numbered less than n, or (b) v is the value of the highest-numbered
/// proposal among all proposals numbered less than n accepted by the acceptors in S." §2.2
pub const P2C: &str = "p2c";

/// All of them.
pub static PROPERTIES: &[Property] = &[
    Property { name: AGREEMENT, doc: "no two learners take different values for chosen (§2.1)" },
    Property {
        name: VALIDITY,
        doc: "what is proposed was asked for, what is accepted was proposed, and so what is chosen (§2.1)",
    },
    Property {
        name: CHOSEN_BY_MAJORITY,
        doc: "what a learner takes for chosen was accepted by a majority in one ballot (§2.1, §2.3)",
    },
    Property { name: ONE_VALUE_PER_BALLOT, doc: "with one ballot, no two values are proposed (§2.2, §2.5)" },
    Property {
        name: PROMISE_KEPT,
        doc: "an acceptor's promise never falls; and one that a proposer has counted was made, and survives restarts (§2.2, §2.5)",
    },
    Property {
        name: VOTE_KEPT,
        doc: "an acceptor that a learner has heard of holds that ballot or a higher one for ever (§2.2, §2.5)",
    },
    Property { name: P1A, doc: "no acceptor accepts a ballot below its promise (§2.2)" },
    Property {
        name: P2B,
        doc: "what is proposed with a higher ballot than that of a chosen value is that value (§2.2)",
    },
    Property {
        name: P2C,
        doc: "behind every proposal stands a majority that has accepted nothing in lower ballots, or its value in the highest of them (§2.2)",
    },
];

/// Checks the properties as a run goes.
#[derive(Clone, Debug)]
pub struct Safety {
    /// By node, whether it has not been looked at since it booted.
    booting: Vec<bool>,
    decrees: BTreeMap<Key, Instance>,
    now: Now,
}

/// What was seen of one decree. Values are known by their digests.
#[derive(Clone, Debug)]
struct Instance {
    /// What clients have asked for.
    asked: BTreeSet<u64>,
    /// What was proposed, and who was seen with it first.
    issued: BTreeMap<Ballot, (u64, Sight)>,
    /// Ballots whose proposers crashed in phase 1: they may have proposed in the handler in which they crashed, unseen.
    unseen: BTreeSet<Ballot>,
    /// What learners take for chosen, and when they were first seen with it.
    decided: BTreeMap<NodeId, (u64, Sight)>,
    nodes: Vec<Seen>,
    now: Now,
}

/// What was seen of one node.
#[derive(Clone, Debug, Default)]
struct Seen {
    promised: Option<Ballot>,
    /// When it was first seen with each promise.
    promises: BTreeMap<Ballot, Sight>,
    /// The highest promise of it that a proposer has counted.
    owed: Option<Ballot>,
    /// Who has counted that.
    owed_to: Option<Sight>,
    /// The ballot of its present vote.
    vote: Option<Ballot>,
    /// All that it has accepted, so far as it was not lost before it was durable.
    accepted: BTreeMap<Ballot, (u64, Sight)>,
    /// The ballots that it has accepted, as learners have heard, and who was the first of them.
    heard: BTreeMap<Ballot, Sight>,
    /// The ballot that it is preparing.
    preparing: Option<Ballot>,
}

impl Seen {
    /// The same breach, against a promise of this node.
    fn having_promised(&self, ballot: Option<Ballot>, breach: Box<Breach>) -> Box<Breach> {
        match ballot.and_then(|ballot| self.promises.range(ballot..).next()) {
            Some((_, made)) => breach.against(*made, "promised that"),
            None => breach,
        }
    }
}

/// What the properties are about: one node's part in one decree.
struct View<'a, O> {
    asked: Vec<&'a O>,
    attempt: Option<&'a Attempt<O>>,
    promised: Option<Ballot>,
    vote: Option<&'a Vote<O>>,
    heard: &'a BTreeMap<Ballot, Heard<O>>,
    decided: Option<&'a O>,
}

impl<'a, O: Clone + Eq> View<'a, O> {
    fn of(decree: &'a Decree<O>) -> View<'a, O> {
        View {
            asked: decree.clients.iter().map(|(_, op)| op).collect(),
            attempt: decree.proposer.attempt(),
            promised: decree.acceptor.promised(),
            vote: decree.acceptor.vote(),
            heard: decree.learner.heard(),
            decided: decree.learner.decided(),
        }
    }
}

impl<S: Spec> Invariants<Synod<S>> for Safety {
    const PROPERTIES: &'static [Property] = PROPERTIES;

    fn new(nodes: usize) -> Self {
        Safety { booting: vec![true; nodes], decrees: BTreeMap::new(), now: Now::default() }
    }

    fn at(&mut self, now: Now) {
        self.now = now;
    }

    fn after_event(&mut self, id: NodeId, node: &Synod<S>) -> Result<(), Box<Breach>> {
        if node.standing == Standing::Faulty {
            return Ok(());
        }
        let keys: BTreeSet<Key> = match node.touched {
            Touched::One(key) => BTreeSet::from([key]),
            Touched::All => self.decrees.keys().chain(node.decrees.keys()).copied().collect(),
        };
        let nothing = Decree::default();
        for key in keys {
            let decree = node.decrees.get(&key).unwrap_or(&nothing);
            self.look(id, key, &View::of(decree))?;
        }
        self.booting[id.index()] = false;
        Ok(())
    }

    fn after_heal(&mut self, nodes: &[Option<&Synod<S>>], history: &History<S>) -> Result<(), Box<Breach>> {
        let asked: BTreeSet<u64> = history.iter().map(|operation| digest_of(&operation.op)).collect();
        for node in nodes.iter().flatten() {
            let decided = node.decrees.values().filter_map(|decree| decree.learner.decided());
            if let Some(stray) = decided.into_iter().find(|decided| !asked.contains(&digest_of(decided))) {
                let story = format!("{} takes `{stray}` for chosen, which no client has asked for", node.me);
                return Err(Breach::new(VALIDITY, story));
            }
        }
        Ok(())
    }

    fn after_crash(&mut self, id: NodeId) {
        self.crashed(id);
    }
}

impl Safety {
    fn crashed(&mut self, id: NodeId) {
        self.booting[id.index()] = true;
        for instance in self.decrees.values_mut() {
            instance.unseen.extend(instance.nodes[id.index()].preparing.take());
        }
    }

    fn look<O: Clone + Hash>(&mut self, id: NodeId, key: Key, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        let (nodes, booting) = (self.booting.len(), self.booting[id.index()]);
        let instance = self.decrees.entry(key).or_insert_with(|| Instance::unseen(nodes));
        instance.now = self.now;
        instance.asked.extend(view.asked.iter().map(digest_of));
        let looked = instance
            .proposer(id, view.attempt)
            .and_then(|()| instance.acceptor(id, view.promised, view.vote, booting))
            .and_then(|()| instance.learner(id, view));
        looked.map_err(|mut breach| {
            breach.story = format!("of {key}, {}", breach.story);
            breach
        })
    }
}

impl Instance {
    /// Before anything was seen of it.
    fn unseen(nodes: usize) -> Instance {
        Instance {
            asked: BTreeSet::new(),
            issued: BTreeMap::new(),
            unseen: BTreeSet::new(),
            decided: BTreeMap::new(),
            nodes: vec![Seen::default(); nodes],
            now: Now::default(),
        }
    }

    /// What is seen of a node now.
    fn seen(&self, node: NodeId) -> Sight {
        Sight::of(node, self.now)
    }

    fn majority(&self) -> usize {
        self.nodes.len() / 2 + 1
    }

    fn proposer<O: Hash>(&mut self, id: NodeId, attempt: Option<&Attempt<O>>) -> Result<(), Box<Breach>> {
        self.nodes[id.index()].preparing = None;
        let Some(attempt) = attempt else { return Ok(()) };
        let (ballot, now) = (attempt.ballot(), self.seen(id));
        for &acceptor in attempt.promises() {
            let seen = &mut self.nodes[acceptor.index()];
            if seen.promised < Some(ballot) {
                let told = told(seen.promised);
                let story =
                    format!("{id} counts a promise of {acceptor} for ballot {ballot}, which has promised {told}");
                return Err(seen.having_promised(seen.promised, Breach::new(PROMISE_KEPT, story)));
            }
            if seen.owed < Some(ballot) {
                (seen.owed, seen.owed_to) = (Some(ballot), Some(now));
            }
        }
        match attempt {
            Attempt::Preparing { .. } => self.nodes[id.index()].preparing = Some(ballot),
            Attempt::Proposing { vote, .. } => self.issue(id, ballot, digest_of(&vote.value))?,
        }
        Ok(())
    }

    /// A proposal is issued: validity, one value per ballot, P2b and P2c are about that.
    fn issue(&mut self, id: NodeId, ballot: Ballot, value: u64) -> Result<(), Box<Breach>> {
        match self.issued.get(&ballot) {
            Some((known, _)) if *known == value => return Ok(()),
            Some((_, by)) => {
                let story = format!("{id} proposes with ballot {ballot}, with which another value was proposed");
                return Err(Breach::new(ONE_VALUE_PER_BALLOT, story).against(*by, "was seen with the other"));
            }
            None => {}
        }
        if !self.asked.contains(&value) {
            let story = format!("{id} proposes with ballot {ballot} what no client has asked for");
            return Err(Breach::new(VALIDITY, story));
        }
        self.issued.insert(ballot, (value, self.seen(id)));
        if !self.stands_behind(ballot, value) {
            let story =
                format!("no majority allows what {id} proposes with ballot {ballot}: {}", self.votes_below(ballot));
            let votes = self.nodes.iter().filter_map(|seen| seen.accepted.range(..ballot).next_back());
            let breach = Breach::new(P2C, story);
            return Err(votes.fold(breach, |breach, (_, (_, vote))| breach.against(*vote, "accepted that")));
        }
        if let Some((lower, ..)) = self.chosen().find(|&(chosen, known)| chosen < ballot && known != value) {
            let story =
                format!("{id} proposes with ballot {ballot} another value than the one that was chosen with {lower}");
            return Err(Breach::new(P2B, story).against(self.issued[&lower].1, "was seen to propose that"));
        }
        Ok(())
    }

    /// The ballots in which, as learners have heard, a majority has accepted, and their values.
    fn chosen(&self) -> impl Iterator<Item = (Ballot, u64)> {
        let majority = self.majority();
        let holders = |ballot: &Ballot| self.nodes.iter().filter(|seen| seen.heard.contains_key(ballot)).count();
        self.issued
            .iter()
            .filter(move |(ballot, _)| holders(ballot) >= majority)
            .map(|(&ballot, &(value, _))| (ballot, value))
    }

    /// The last proposal below a ballot that each node has accepted.
    fn last_below(&self, ballot: Ballot) -> impl Iterator<Item = Option<(Ballot, u64)>> {
        let last =
            move |seen: &Seen| seen.accepted.range(..ballot).next_back().map(|(&ballot, &(value, _))| (ballot, value));
        self.nodes.iter().map(last)
    }

    /// P2c. The largest set for (a) is all that have accepted nothing; for (b), given the highest-numbered proposal, all that have accepted
    /// no higher one.
    fn stands_behind(&self, ballot: Ballot, value: u64) -> bool {
        let size =
            |fits: &dyn Fn(Option<(Ballot, u64)>) -> bool| self.last_below(ballot).filter(|&last| fits(last)).count();
        let behind =
            |highest: (Ballot, u64)| highest.1 == value && size(&|last| last <= Some(highest)) >= self.majority();
        size(&|last| last.is_none()) >= self.majority() || self.last_below(ballot).flatten().any(behind)
    }

    fn votes_below(&self, ballot: Ballot) -> String {
        let told = |(index, last): (usize, Option<(Ballot, u64)>)| {
            format!("{} has accepted {}", NodeId::at(index), told(last.map(|(ballot, _)| ballot)))
        };
        self.last_below(ballot).enumerate().map(told).collect::<Vec<_>>().join(", ")
    }

    fn acceptor<O: Hash>(
        &mut self,
        id: NodeId,
        promised: Option<Ballot>,
        vote: Option<&Vote<O>>,
        booting: bool,
    ) -> Result<(), Box<Breach>> {
        let (ballot, now) = (vote.map(|vote| vote.ballot), self.seen(id));
        let seen = &mut self.nodes[id.index()];
        let (before, held) = (seen.promised, seen.vote);
        (seen.promised, seen.vote) = (promised, ballot);
        if let Some(promised) = promised.filter(|_| promised != before) {
            seen.promises.entry(promised).or_insert(now);
        }
        if promised < seen.owed || (!booting && promised < before) {
            let relied = if booting { seen.owed } else { before.max(seen.owed) };
            let story = format!("{id} has promised {}, and now only {}", told(relied), told(promised));
            let breach = seen.having_promised(relied, Breach::new(PROMISE_KEPT, story));
            return Err(match seen.owed_to.filter(|_| relied == seen.owed) {
                Some(counted) => breach.against(counted, "counted it"),
                None => breach,
            });
        }
        if booting {
            // Votes become durable in their order. What was accepted after the one that is there is lost, and nobody was told.
            seen.accepted.retain(|&accepted, _| Some(accepted) <= ballot);
        }
        if let Some(vote) = vote
            && (booting || held != ballot)
        {
            if !booting && ballot < before {
                let story = format!("{id} accepts ballot {}, although it has promised {}", vote.ballot, told(before));
                return Err(seen.having_promised(before, Breach::new(P1A, story)));
            }
            let value = digest_of(&vote.value);
            self.must_be_issued(id, vote.ballot, value)?;
            self.nodes[id.index()].accepted.insert(vote.ballot, (value, now));
        }
        self.vote_kept(id)
    }

    /// Accepted, or heard to be accepted, is only what was proposed with that ballot.
    fn must_be_issued(&mut self, id: NodeId, ballot: Ballot, value: u64) -> Result<(), Box<Breach>> {
        match self.issued.get(&ballot) {
            Some((known, _)) if *known == value => Ok(()),
            None if self.unseen.contains(&ballot) => self.issue(ballot.node, ballot, value),
            Some(_) | None => {
                let story = format!("{id} hears of a value with ballot {ballot} that nobody has proposed with it");
                Err(Breach::new(VALIDITY, story))
            }
        }
    }

    fn vote_kept(&self, id: NodeId) -> Result<(), Box<Breach>> {
        let seen = &self.nodes[id.index()];
        match seen.heard.last_key_value() {
            Some((&heard, by)) if seen.vote < Some(heard) => {
                let story =
                    format!("{id} holds a vote for {}; a learner has heard that it accepted {heard}", told(seen.vote));
                Err(Breach::new(VOTE_KEPT, story).against(*by, "heard of that vote"))
            }
            _ => Ok(()),
        }
    }

    fn learner<O: Clone + Hash>(&mut self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        for (&ballot, heard) in view.heard {
            let news = heard.from.iter().any(|acceptor| !self.nodes[acceptor.index()].heard.contains_key(&ballot));
            if !news {
                continue;
            }
            let (value, now) = (digest_of(&heard.value), self.seen(id));
            self.must_be_issued(id, ballot, value)?;
            for acceptor in &heard.from {
                self.nodes[acceptor.index()].heard.entry(ballot).or_insert(now);
            }
            let is_chosen = self.chosen().any(|(chosen, _)| chosen == ballot);
            let other = self.issued.range(ballot..).find(|&(_, (other, _))| *other != value);
            if let (true, Some((other, (_, by)))) = (is_chosen, other) {
                let story = format!(
                    "a majority has accepted ballot {ballot}, and another value was proposed with ballot {other}"
                );
                return Err(Breach::new(P2B, story).against(*by, "was seen to propose the other"));
            }
        }
        let Some(decided) = view.decided.map(digest_of) else { return Ok(()) };
        let others = self.decided.values().filter(|(other, _)| *other != decided).map(|(_, by)| *by);
        if let Some(first) = others.min_by_key(|by| by.event) {
            let story = format!("{id} takes another value for chosen than {} does", first.node);
            return Err(Breach::new(AGREEMENT, story).against(first, "took the other for chosen"));
        }
        let known = self.decided.contains_key(&id);
        let now = self.seen(id);
        self.decided.entry(id).or_insert((decided, now));
        if !known && !self.chosen().any(|(_, value)| value == decided) {
            let story = format!("{id} takes a value for chosen that no majority has accepted in one ballot");
            return Err(Breach::new(CHOSEN_BY_MAJORITY, story));
        }
        Ok(())
    }
}

fn told(ballot: Option<Ballot>) -> String {
    ballot.map_or_else(|| "nothing".to_owned(), |ballot| ballot.to_string())
}

#[cfg(test)]
#[path = "invariants_tests.rs"]
mod tests;
