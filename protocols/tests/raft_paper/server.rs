//! A single server on the bench: it is told what happens, and its effects are looked at.

use shaketable_protocols::raft::rules::{Paper, Rules};
use shaketable_protocols::raft::types::{
    AppendEntries, Appended, Durable, Entries, Entry, EntryId, LogIndex, Msg, Outcome, Payload, Record, RequestVote,
    Round, Term, Timer, Vote,
};
use shaketable_protocols::raft::{Config, RAFT, Raft};
use shaketable_sim::id::{ClientId, Key, NodeId, OpId, RequestId};
use shaketable_sim::node::{Ctx, Effect, EffectOf, Node, Observation, Recovered, Role, Stored};
use shaketable_sim::param::{Args, Value};
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::counter::{Action, Counter, Op, Ret};
use shaketable_sim::time::{Instant, Span};

pub(crate) type Effects = Vec<EffectOf<Raft<Counter>>>;
pub(crate) type Message = Msg<Op>;

/// The server under test is always the first.
pub(crate) const ME: NodeId = NodeId::at(0);

pub(crate) struct Server {
    raft: Raft<Counter>,
    rng: Stream,
    pub(crate) now: Instant,
    nodes: usize,
    /// What it has asked for at boot and since.
    pub(crate) journal: Vec<Record<Op>>,
}

/// What came of an event: what is done at once, and what waits for the disk.
pub(crate) struct Done {
    pub(crate) at_once: Effects,
    pub(crate) after_sync: Effects,
}

/// How a server starts: by default as a follower of term 1 among five that has neither voted nor any entries.
#[derive(Clone)]
pub(crate) struct Start {
    pub(crate) nodes: usize,
    pub(crate) term: u64,
    pub(crate) vote: Option<usize>,
    /// The terms of its entries.
    pub(crate) log: Vec<u64>,
    pub(crate) elections: &'static str,
    pub(crate) batch: u64,
    pub(crate) window: u64,
    pub(crate) seed: u64,
    pub(crate) rules: &'static dyn Rules,
}

impl Default for Start {
    fn default() -> Start {
        Start {
            nodes: 5,
            term: 1,
            vote: None,
            log: vec![],
            elections: "plain",
            batch: 64,
            window: 4,
            seed: 1,
            rules: &Paper,
        }
    }
}

impl Start {
    /// With a log of these terms, and in the last of them.
    pub(crate) fn with_log(terms: &[u64]) -> Start {
        Start { log: terms.to_vec(), term: terms.last().copied().unwrap_or(1), ..Start::default() }
    }

    pub(crate) fn boot(&self) -> Server {
        let vote = self.vote.map(NodeId::at);
        let records = [
            Record::Ballot { term: Term::new(self.term), vote },
            Record::Append { after: LogIndex::ZERO, entries: entries(&self.log) },
        ];
        self.boot_from(Recovered { first_boot: false, records: records.map(Stored::Intact).to_vec() }).0
    }

    pub(crate) fn boot_from(&self, disk: Recovered<Record<Op>>) -> (Server, Effects) {
        let mut args = Args::defaults(RAFT.params);
        args.set("elections", Value::Choice(self.elections));
        args.set("batch", Value::Count(self.batch));
        args.set("window", Value::Count(self.window));
        let config = Config::from_args(&args).expect("the parameters fit together").with_rules(self.rules);
        let mut rng = Seed(self.seed).stream("node n1 life 1");
        let mut effects = Vec::new();
        let now = Instant::ZERO + Span::secs(1);
        let raft = Raft::boot(&config, disk, &mut Ctx::new(ME, self.nodes, now, &mut rng, &mut effects));
        (Server { raft, rng, now, nodes: self.nodes, journal: Vec::new() }, effects)
    }

    /// A leader of the term after `term`, whose no-op follows its log and is durable.
    pub(crate) fn lead(&self) -> Server {
        let mut server = self.boot();
        server.timer(Timer::Election);
        let term = self.term + 1;
        if self.elections == "pre-vote" {
            for voter in 1..=self.nodes / 2 {
                server.hears(voter, Msg::PreVote(vote(term, true)));
            }
        }
        for voter in 0..=self.nodes / 2 {
            server.hears(voter, Msg::Vote(vote(term, true)));
        }
        assert_eq!(server.observe().role, Role::Leader);
        server.hears(0, durable(term, self.log.len() as u64 + 1));
        server
    }
}

impl Server {
    fn run(&mut self, event: impl FnOnce(&mut Raft<Counter>, &mut Ctx<'_, Raft<Counter>>)) -> Done {
        let mut effects = Vec::new();
        event(&mut self.raft, &mut Ctx::new(ME, self.nodes, self.now, &mut self.rng, &mut effects));
        let mut done = Done { at_once: Vec::new(), after_sync: Vec::new() };
        let mut held = 0;
        for effect in effects {
            match effect {
                Effect::Sync { held: following } => held = following,
                effect if held > 0 => {
                    held -= 1;
                    done.after_sync.push(effect);
                }
                effect => {
                    if let Effect::Write(record) = &effect {
                        self.journal.push(record.clone());
                    }
                    done.at_once.push(effect);
                }
            }
        }
        done
    }

    /// A message from the node of this index arrives; from 0, it is the server's own.
    pub(crate) fn hears(&mut self, from: usize, msg: Message) -> Done {
        self.run(|raft, ctx| raft.on_message(NodeId::at(from), msg, ctx))
    }

    pub(crate) fn timer(&mut self, timer: Timer) -> Done {
        self.run(|raft, ctx| raft.on_timer(timer, ctx))
    }

    /// Client 1 asks for its operation of this number.
    pub(crate) fn asked(&mut self, seq: u32, action: Action) -> Done {
        self.run(|raft, ctx| raft.on_request(request(seq), Op { key: Key::at(0), action }, ctx))
    }

    pub(crate) fn observe(&self) -> Observation {
        self.raft.observe()
    }

    pub(crate) fn term(&self) -> u64 {
        self.raft.term().get()
    }

    pub(crate) fn commit(&self) -> u64 {
        self.raft.commit().get()
    }

    pub(crate) fn vote(&self) -> Option<usize> {
        self.raft.vote().map(NodeId::index)
    }

    /// The terms of its entries.
    pub(crate) fn log(&self) -> Vec<u64> {
        self.raft.log().slice(LogIndex::new(1), usize::MAX).iter().map(|entry| entry.term.get()).collect()
    }
}

impl Done {
    /// What is sent, at once or later, to the node of this index.
    pub(crate) fn to(&self, node: usize) -> Vec<Message> {
        self.sent().into_iter().filter(|(to, _)| *to == node).map(|(_, msg)| msg).collect()
    }

    /// All that is sent, at once or later.
    pub(crate) fn sent(&self) -> Vec<(usize, Message)> {
        let send = |effect: &EffectOf<Raft<Counter>>| match effect {
            Effect::Send { to, msg } => Some((to.index(), msg.clone())),
            _ => None,
        };
        self.at_once.iter().chain(&self.after_sync).filter_map(send).collect()
    }

    /// What clients are answered: sums, or none for a rejection.
    pub(crate) fn answers(&self) -> Vec<Option<u64>> {
        let answer = |effect: &EffectOf<Raft<Counter>>| match effect {
            Effect::Reply { ret: Ret(sum), .. } => Some(Some(*sum)),
            Effect::Reject { .. } => Some(None),
            _ => None,
        };
        self.at_once.iter().chain(&self.after_sync).filter_map(answer).collect()
    }

    pub(crate) fn timers_set(&self) -> Vec<(Timer, Span)> {
        let set = |effect: &EffectOf<Raft<Counter>>| match effect {
            Effect::SetTimer { timer, after } => Some((*timer, *after)),
            _ => None,
        };
        self.at_once.iter().filter_map(set).collect()
    }
}

pub(crate) fn request(seq: u32) -> RequestId {
    RequestId { op: OpId { client: ClientId::at(0), seq }, attempt: 1 }
}

/// Entries of these terms that ask for nothing.
pub(crate) fn entries(terms: &[u64]) -> Entries<Op> {
    let entry = |&term| Entry::new(Term::new(term), Payload::NoOp);
    Entries::from(&terms.iter().map(entry).collect::<Vec<_>>()[..])
}

/// An addition of client 1.
pub(crate) fn addition(term: u64, seq: u32, amount: u64) -> Entry<Op> {
    let op = Op { key: Key::at(0), action: Action::Add(amount) };
    Entry::new(Term::new(term), Payload::Command { id: request(seq).op, op })
}

pub(crate) fn id(index: u64, term: u64) -> EntryId {
    EntryId { term: Term::new(term), index: LogIndex::new(index) }
}

pub(crate) fn ballot(term: u64, last: EntryId) -> RequestVote {
    RequestVote { term: Term::new(term), last }
}

pub(crate) fn vote(term: u64, granted: bool) -> Vote {
    Vote { term: Term::new(term), granted }
}

pub(crate) fn append(term: u64, prev: EntryId, entries: Entries<Op>, commit: u64) -> Message {
    let (term, commit) = (Term::new(term), LogIndex::new(commit));
    Msg::AppendEntries(AppendEntries { term, prev, entries, commit, round: Round::ZERO })
}

pub(crate) fn appended(term: u64, round: u64, outcome: Outcome) -> Message {
    Msg::Appended(Appended { term: Term::new(term), round: Round::new(round), outcome })
}

pub(crate) fn matched(index: u64) -> Outcome {
    Outcome::Match(LogIndex::new(index))
}

pub(crate) fn durable(term: u64, index: u64) -> Message {
    Msg::Durable(Durable { term: Term::new(term), index: LogIndex::new(index) })
}
