//! The Synod: single-decree Paxos, its three roles apart.
//!
//! Lamport, "Paxos Made Simple", 2001, §2 (cited by §); "The Part-Time Parliament", 1998, §2 (Parliament §).
//!
//! Some clients propose values, and one of these is to be chosen, once and for all; here, one for each object of the service. Three
//! roles take part. Every node plays all of them, and they talk by messages even within a node:
//!
//! ```text
//!   client      proposer                 acceptors (three)            learners
//!     |             |                     |     |     |                   |
//!     |--propose 7->|                     |     |     |                   |
//!     |             |--Prepare 4.n1------>|---->|---->|    phase 1a: promise to accept nothing below ballot 4.n1
//!     |             |<----Promise 4.n1----|     |     |    phase 1b: promised; I have accepted nothing so far
//!     |             |<----Promise 4.n1, accepted 2.n3: 5  phase 1b: promised; I have accepted the value 5 in ballot 2.n3
//!     |             |                     |     |     |
//!     |             |  a majority has promised. The value 5 may have been chosen already, so 5 it must be (P2c)
//!     |             |                     |     |     |
//!     |             |--Accept 4.n1: 5---->|---->|---->|    phase 2a
//!     |             |                     |--Accepted 4.n1: 5------------>|    phase 2b
//!     |             |                     |     |--Accepted 4.n1: 5------>|
//!     |<----------------------------------------------------- 5 ----------|    a majority has accepted: 5 is chosen
//! ```
//!
//! | what | where in the papers | here |
//! |---|---|---|
//! | the decisions on which safety rests | §2.1–§2.3, §2.5 | [`rules`] |
//! | what to propose | §2.2 | [`proposer`] |
//! | what to promise and what to accept | §2.2 | [`acceptor`] |
//! | what was chosen | §2.3 | [`learner`] |
//! | stable storage | §2.5 | [`types::Record`], `stable` |
//! | duels end | §2.4 | this module |
//! | what must always hold: P1a, P2b, P2c and what comes of them | §2.1, §2.2 | [`invariants`] |
//! | all that can happen to two proposers and three acceptors | | [`small`] |
//!
//! Choices where the papers leave one:
//! - Any node that a client asks proposes, at once. If that comes to nothing it tries again with a higher ballot, after a wait that is random and
//!   grows: no proposer is distinguished (§2.4).
//! - A proposer that hears of a higher ballot than its own gives its attempt up, and waits.
//! - Acceptors tell all learners what they accept, or only the learner of the node that proposed it (`learners`, §2.3). A learner that
//!   has missed it lets its node propose when it is asked (the end of §2.3); who is asked by nobody need not know.
//! - A node whose disk has lost promises takes no part any more ([`Role::Faulty`]).

use std::collections::BTreeMap;

use shaketable_sim::id::{Key, NodeId, RequestId};
use shaketable_sim::node::{Command, Ctx, Milestone, Node, Observation, Op, Recovered, Role};
use shaketable_sim::spec::Spec;

pub mod acceptor;
pub mod bugs;
mod catalogue;
pub mod config;
pub mod invariants;
pub mod learner;
mod milestones;
pub mod proposer;
pub mod rules;
pub mod small;
mod stable;
mod swarm;
pub mod types;

use acceptor::Acceptor;
pub use catalogue::SYNOD;
pub use config::Config;
use config::Learners;
use learner::Learner;
use proposer::Proposer;
use types::{Ballot, Msg, Record, Timer, Vote, Word};

/// How often the wait before a retry is doubled at most.
const DOUBLINGS: u32 = 4;

/// A node.
///
/// The service must be one whose objects are settled by the first operation on them, as [consensus
/// objects](shaketable_sim::spec::consensus) are. What is decided is that operation.
#[derive(Clone, Debug)]
pub struct Synod<S: Spec> {
    config: Config,
    me: NodeId,
    nodes: usize,
    standing: Standing,
    decrees: BTreeMap<Key, Decree<S::Op>>,
    /// What the last event was about.
    touched: Touched,
    /// The highest round promised for any decree.
    epoch: u64,
}

/// Whether a node takes part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    Sound,
    /// Promises are lost with the disk (see `stable`): no promise, no vote, no answer.
    Faulty,
}

/// Which decrees may have changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Touched {
    /// The node has just booted, or was told to try everything again.
    All,
    /// This one at most.
    One(Key),
}

/// A node's part in one decree: one instance of Paxos.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decree<O> {
    /// What it knows as a proposer.
    pub proposer: Proposer<O>,
    /// As an acceptor.
    pub acceptor: Acceptor<O>,
    /// As a learner.
    pub learner: Learner<O>,
    /// Who waits for the decision, and what each has asked for. While anybody does, the retry timer is set.
    clients: Vec<(RequestId, O)>,
    /// How many attempts have come to nothing.
    failures: u32,
}

impl<O> Default for Decree<O> {
    fn default() -> Self {
        Decree {
            proposer: Proposer::default(),
            acceptor: Acceptor::default(),
            learner: Learner::default(),
            clients: Vec::new(),
            failures: 0,
        }
    }
}

impl<S: Spec> Node for Synod<S> {
    type Config = Config;
    type Msg = Msg<S::Op>;
    type Timer = Timer;
    type Record = Record<S::Op>;
    type Service = S;
    type Invariants = invariants::Safety;

    const MILESTONES: &'static [Milestone] = milestones::ALL;

    fn boot(config: &Config, disk: Recovered<Record<S::Op>>, ctx: &mut Ctx<'_, Self>) -> Self {
        let mut node = Synod {
            config: *config,
            me: ctx.me(),
            nodes: ctx.nodes(),
            standing: Standing::Sound,
            decrees: BTreeMap::new(),
            touched: Touched::All,
            epoch: 0,
        };
        match stable::recover(disk, config.rules) {
            Err(why) => {
                node.standing = Standing::Faulty;
                ctx.note(why);
            }
            Ok(kept) => {
                if let Some(records) = kept.rewrite {
                    ctx.compact(records);
                    ctx.after_sync(|_| {});
                }
                let rounds = kept.decrees.values().filter_map(|decree| decree.acceptor.promised());
                node.epoch = rounds.map(|ballot| ballot.round).max().unwrap_or(0);
                node.decrees = kept.decrees;
            }
        }
        node
    }

    fn on_message(&mut self, from: NodeId, msg: Msg<S::Op>, ctx: &mut Ctx<'_, Self>) {
        if self.standing == Standing::Faulty {
            return;
        }
        let decree = msg.decree;
        self.touched = Touched::One(decree);
        match msg.word {
            Word::Prepare(ballot) => self.on_prepare(decree, from, ballot, ctx),
            Word::Promise { ballot, vote } => self.on_promise(decree, from, ballot, vote, ctx),
            Word::Accept(vote) => self.on_accept(decree, from, vote, ctx),
            Word::Accepted(vote) => self.on_accepted(decree, from, vote, ctx),
            Word::Nack(promised) => {
                if self.decree(decree).proposer.on_nack(promised) {
                    ctx.reached(milestones::ATTEMPT_GIVEN_UP);
                }
            }
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op<Self>, ctx: &mut Ctx<'_, Self>) {
        if self.standing == Standing::Faulty {
            return ctx.reject(id, None);
        }
        let key = S::key(&op);
        self.touched = Touched::One(key);
        let decree = self.decree(key);
        if let Some(decided) = decree.learner.decided() {
            return ctx.reply(id, answer::<S>(decided, &op));
        }
        decree.clients.push((id, op));
        if decree.clients.len() == 1 {
            self.propose(key, ctx);
        }
    }

    fn on_timer(&mut self, Timer::Retry(key): Timer, ctx: &mut Ctx<'_, Self>) {
        self.touched = Touched::One(key);
        let decree = self.decree(key);
        decree.failures = decree.failures.saturating_add(1);
        self.propose(key, ctx);
    }

    /// To campaign is to try everything again that a client waits for.
    fn on_command(&mut self, command: &Command, ctx: &mut Ctx<'_, Self>) {
        if *command == Command::Campaign {
            self.touched = Touched::All;
            let all: Vec<Key> = self.decrees.keys().copied().collect();
            all.into_iter().for_each(|key| self.propose(key, ctx));
        }
    }

    fn observe(&self) -> Observation {
        let role = match self.standing {
            Standing::Sound => Role::Peer,
            Standing::Faulty => Role::Faulty,
        };
        Observation { role, epoch: self.epoch, ..Observation::default() }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let Touched::One(key) = self.touched else { return Vec::new() };
        let decree = self.decrees.get(&key);
        let promised = decree.and_then(|decree| decree.acceptor.promised());
        let promised = promised.map_or_else(|| "nothing".to_owned(), |ballot| ballot.to_string());
        vec![("decree", key.to_string()), ("promised", promised)]
    }
}

/// What a client is answered that asked for `op` where `decided` was decided.
fn answer<S: Spec>(decided: &S::Op, op: &S::Op) -> <S as Spec>::Ret {
    let mut object = S::State::default();
    S::apply(&mut object, decided);
    S::apply(&mut object, op)
}

impl<S: Spec> Synod<S> {
    /// Its part in each decree that it has heard of.
    pub fn decrees(&self) -> &BTreeMap<Key, Decree<S::Op>> {
        &self.decrees
    }
}

/// Each function lets one role act, makes durable what it must not forget, and tells the others.
impl<S: Spec> Synod<S> {
    fn decree(&mut self, key: Key) -> &mut Decree<S::Op> {
        self.decrees.entry(key).or_default()
    }

    /// Phase 1a, with a new ballot, if a client waits for this decree. The ballot must be durable before it is used, or a restart could use it again.
    fn propose(&mut self, key: Key, ctx: &mut Ctx<'_, Self>) {
        let (rules, nodes, retry) = (self.config.rules, self.nodes, self.config.retry);
        let decree = self.decree(key);
        let Some((_, own)) = decree.clients.first().cloned() else { return };
        let wait = ctx.rng().span(retry).times(1 << decree.failures.min(DOUBLINGS));
        ctx.set_timer(Timer::Retry(key), wait);
        let ballot = decree.proposer.prepare(own, ctx.me(), rules);
        ctx.write(Record::Tried { decree: key, ballot });
        ctx.after_sync(|ctx| tell(NodeId::all(nodes), key, Word::Prepare(ballot), ctx));
    }

    fn on_prepare(&mut self, key: Key, from: NodeId, ballot: Ballot, ctx: &mut Ctx<'_, Self>) {
        let rules = self.config.rules;
        let acceptor = &mut self.decree(key).acceptor;
        let before = acceptor.promised();
        if let Err(promised) = acceptor.prepare(ballot, rules) {
            return tell([from], key, Word::Nack(promised), ctx);
        }
        if acceptor.promised() != before {
            ctx.write(Record::Promised { decree: key, ballot });
        }
        let vote = acceptor.vote().cloned();
        self.epoch = self.epoch.max(ballot.round);
        ctx.after_sync(|ctx| tell([from], key, Word::Promise { ballot, vote }, ctx));
    }

    /// Phase 2a, once a majority has promised.
    fn on_promise(
        &mut self,
        key: Key,
        from: NodeId,
        ballot: Ballot,
        vote: Option<Vote<S::Op>>,
        ctx: &mut Ctx<'_, Self>,
    ) {
        let (rules, nodes) = (self.config.rules, self.nodes);
        let decree = self.decree(key);
        if let Some(vote) = decree.proposer.on_promise(from, ballot, vote, nodes, rules) {
            if decree.clients.first().is_some_and(|(_, own)| *own != vote.value) {
                ctx.reached(milestones::VALUE_TAKEN_OVER);
            }
            tell(NodeId::all(nodes), key, Word::Accept(vote), ctx);
        }
    }

    fn on_accept(&mut self, key: Key, from: NodeId, vote: Vote<S::Op>, ctx: &mut Ctx<'_, Self>) {
        let (rules, nodes, learners) = (self.config.rules, self.nodes, self.config.learners);
        let acceptor = &mut self.decree(key).acceptor;
        let news = acceptor.vote() != Some(&vote);
        if let Err(promised) = acceptor.accept(vote.clone(), rules) {
            return tell([from], key, Word::Nack(promised), ctx);
        }
        if news {
            ctx.write(Record::Accepted { decree: key, vote: vote.clone() });
        }
        self.epoch = self.epoch.max(vote.ballot.round);
        ctx.after_sync(|ctx| match learners {
            Learners::All => tell(NodeId::all(nodes), key, Word::Accepted(vote), ctx),
            Learners::Proposer => tell([vote.ballot.node], key, Word::Accepted(vote), ctx),
        });
    }

    /// Who waits for the decision is answered as soon as the learner knows it.
    fn on_accepted(&mut self, key: Key, from: NodeId, vote: Vote<S::Op>, ctx: &mut Ctx<'_, Self>) {
        let (rules, nodes) = (self.config.rules, self.nodes);
        let decree = self.decree(key);
        if !decree.learner.on_accepted(from, vote, nodes, rules) {
            return;
        }
        ctx.reached(milestones::DECREE_LEARNED);
        decree.proposer.rest();
        ctx.cancel_timer(Timer::Retry(key));
        let decided = decree.learner.decided().expect("it was just learned");
        for (id, op) in std::mem::take(&mut decree.clients) {
            ctx.reply(id, answer::<S>(decided, &op));
        }
    }
}

fn tell<S: Spec>(to: impl IntoIterator<Item = NodeId>, decree: Key, word: Word<S::Op>, ctx: &mut Ctx<'_, Synod<S>>) {
    to.into_iter().for_each(|to| ctx.send(to, Msg { decree, word: word.clone() }));
}
