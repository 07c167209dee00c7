//! A single node on the bench: it is told what happens, and its effects are looked at.

use shaketable_protocols::paxos::ledger::Ledger;
use shaketable_protocols::paxos::types::{Ballot, Beat, Msg, MsgOf, Record, RecordOf, Round, Slot, Timer, Value, Vote};
use shaketable_protocols::paxos::{Config, PAXOS, Paxos};
use shaketable_sim::id::{ClientId, Key, NodeId, OpId, RequestId};
use shaketable_sim::node::{Command, Ctx, Effect, EffectOf, Node, Observation, Recovered, Role, Stored};
use shaketable_sim::param::{Args, Value as Setting};
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::counter::{Action, Counter, Op, Ret};
use shaketable_sim::time::{Instant, Span};

pub(crate) type Effects = Vec<EffectOf<Paxos<Counter>>>;
pub(crate) type Message = MsgOf<Counter>;
pub(crate) type Written = RecordOf<Counter>;

/// The node under test is always the first.
pub(crate) const ME: NodeId = NodeId::at(0);

pub(crate) struct Bench {
    paxos: Paxos<Counter>,
    rng: Stream,
    pub(crate) now: Instant,
    nodes: usize,
    /// What it has written at boot and since.
    pub(crate) journal: Vec<Written>,
}

/// What came of an event: what is done at once, and what waits for the disk.
pub(crate) struct Done {
    pub(crate) at_once: Effects,
    pub(crate) after_sync: Effects,
}

/// How a node starts: by default as one of five, with nothing on its disk but an empty promise.
#[derive(Clone)]
pub(crate) struct Start {
    pub(crate) nodes: usize,
    pub(crate) journal: Vec<Written>,
    pub(crate) settings: Vec<(&'static str, Setting)>,
}

impl Default for Start {
    fn default() -> Start {
        Start { nodes: 5, journal: Vec::new(), settings: Vec::new() }
    }
}

impl Start {
    pub(crate) fn with(journal: &[Written]) -> Start {
        Start { journal: journal.to_vec(), ..Start::default() }
    }

    pub(crate) fn set(mut self, name: &'static str, value: Setting) -> Start {
        self.settings.push((name, value));
        self
    }

    pub(crate) fn boot(&self) -> Bench {
        let mut args = Args::defaults(PAXOS.params);
        args.set("elections", Setting::Choice("plain"));
        self.settings.iter().for_each(|(name, value)| args.set(name, value.clone()));
        let config = Config::from_args(&args, self.nodes).expect("the parameters fit together");
        let mut journal = vec![Record::Promised(Ballot::BOTTOM)];
        journal.extend(self.journal.iter().cloned());
        let disk = Recovered { first_boot: false, records: journal.iter().cloned().map(Stored::Intact).collect() };
        let mut rng = Seed(1).stream("node n1 life 1");
        let mut effects = Vec::new();
        let now = Instant::ZERO + Span::secs(1);
        let paxos = Paxos::boot(&config, disk, &mut Ctx::new(ME, self.nodes, now, &mut rng, &mut effects));
        Bench { paxos, rng, now, nodes: self.nodes, journal }
    }

    /// A leader, and what it did on hearing the last of a majority's promises. They tell of these votes: by acceptor, not the leader itself.
    pub(crate) fn lead(&self, told: &[&[(u64, Vote<Op>)]]) -> (Bench, Done) {
        let mut bench = self.boot();
        let ballot = bench.prepares();
        bench.hears(0, promise(ballot, &[]));
        let (last, before) = told.split_last().expect("a leader has heard of somebody");
        for (index, votes) in before.iter().enumerate() {
            bench.hears(index + 1, promise(ballot, votes));
        }
        assert_eq!(bench.observe().role, Role::Candidate);
        let done = bench.hears(told.len(), promise(ballot, last));
        assert_eq!(bench.observe().role, Role::Leader);
        (bench, done)
    }

    /// A leader of five that was told of nothing.
    pub(crate) fn lead_free(&self) -> Bench {
        self.lead(&[&[], &[]]).0
    }
}

impl Bench {
    fn run(&mut self, event: impl FnOnce(&mut Paxos<Counter>, &mut Ctx<'_, Paxos<Counter>>)) -> Done {
        let mut effects = Vec::new();
        event(&mut self.paxos, &mut Ctx::new(ME, self.nodes, self.now, &mut self.rng, &mut effects));
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
                    match &effect {
                        Effect::Write(record) => self.journal.push(record.clone()),
                        Effect::Compact(records) => self.journal = records.clone(),
                        _ => {}
                    }
                    done.at_once.push(effect);
                }
            }
        }
        done
    }

    /// A message from the node of this index arrives; from 0, it is the node's own.
    pub(crate) fn hears(&mut self, from: usize, msg: Message) -> Done {
        self.run(|paxos, ctx| paxos.on_message(NodeId::at(from), msg, ctx))
    }

    pub(crate) fn timer(&mut self, timer: Timer) -> Done {
        self.run(|paxos, ctx| paxos.on_timer(timer, ctx))
    }

    pub(crate) fn command(&mut self, command: &Command) -> Done {
        self.run(|paxos, ctx| paxos.on_command(command, ctx))
    }

    /// Client 1 asks for its addition of this number.
    pub(crate) fn asked(&mut self, seq: u32, amount: u64) -> Done {
        self.asked_of(Key::at(0), seq, amount)
    }

    /// The same, of another object than the first.
    pub(crate) fn asked_of(&mut self, key: Key, seq: u32, amount: u64) -> Done {
        let op = Op { key, action: Action::Add(amount) };
        self.run(|paxos, ctx| paxos.on_request(request(seq), op, ctx))
    }

    /// Client 1 asks for the sum.
    pub(crate) fn asked_to_read(&mut self, seq: u32) -> Done {
        let op = Op { key: Key::at(0), action: Action::Read };
        self.run(|paxos, ctx| paxos.on_request(request(seq), op, ctx))
    }

    /// Its election timer runs out: the ballot that it prepares.
    pub(crate) fn prepares(&mut self) -> Ballot {
        let sent = self.timer(Timer::Election).sent();
        let prepared = sent.iter().find_map(|(_, msg)| match msg {
            Msg::Prepare { ballot, .. } => Some(*ballot),
            _ => None,
        });
        prepared.expect("it prepares")
    }

    pub(crate) fn observe(&self) -> Observation {
        self.paxos.observe()
    }

    pub(crate) fn promised(&self) -> Ballot {
        self.paxos.promised()
    }

    pub(crate) fn ledger(&self) -> &Ledger<Op> {
        self.paxos.ledger()
    }

    /// The same node after a crash that has kept all that it had written.
    pub(crate) fn restarted(&self, start: &Start) -> Bench {
        Start { journal: self.journal.clone(), ..start.clone() }.boot()
    }
}

impl Done {
    /// What is sent, at once or later, to the node of this index.
    pub(crate) fn to(&self, node: usize) -> Vec<Message> {
        self.sent().into_iter().filter(|(to, _)| *to == node).map(|(_, msg)| msg).collect()
    }

    /// All that is sent, at once or later.
    pub(crate) fn sent(&self) -> Vec<(usize, Message)> {
        self.at_once.iter().chain(&self.after_sync).filter_map(send).collect()
    }

    /// What is sent before anything is durable.
    pub(crate) fn sent_at_once(&self) -> Vec<(usize, Message)> {
        self.at_once.iter().filter_map(send).collect()
    }

    /// What clients are answered: sums, or none for a rejection.
    pub(crate) fn answers(&self) -> Vec<Option<u64>> {
        let answer = |effect: &EffectOf<Paxos<Counter>>| match effect {
            Effect::Reply { ret: Ret(sum), .. } => Some(Some(*sum)),
            Effect::Reject { .. } => Some(None),
            _ => None,
        };
        self.at_once.iter().chain(&self.after_sync).filter_map(answer).collect()
    }

    pub(crate) fn timers_set(&self) -> Vec<(Timer, Span)> {
        let set = |effect: &EffectOf<Paxos<Counter>>| match effect {
            Effect::SetTimer { timer, after } => Some((*timer, *after)),
            _ => None,
        };
        self.at_once.iter().filter_map(set).collect()
    }

    /// The proposals that go to the node of this index, by slot.
    pub(crate) fn proposals_to(&self, node: usize) -> Vec<(u64, Value<Op>)> {
        let proposal = |msg| match msg {
            Msg::Accept { slot, vote, .. } => Some((slot.get(), vote.value)),
            _ => None,
        };
        self.to(node).into_iter().filter_map(proposal).collect()
    }
}

fn send(effect: &EffectOf<Paxos<Counter>>) -> Option<(usize, Message)> {
    match effect {
        Effect::Send { to, msg } => Some((to.index(), msg.clone())),
        _ => None,
    }
}

pub(crate) fn request(seq: u32) -> RequestId {
    RequestId { op: OpId { client: ClientId::at(0), seq }, attempt: 1 }
}

/// The ballot of this round, of the node of this index.
pub(crate) fn ballot(round: u64, node: usize) -> Ballot {
    Ballot { round: Round::new(round), node: NodeId::at(node) }
}

/// An addition of client 1.
pub(crate) fn addition(seq: u32, amount: u64) -> Value<Op> {
    Value::Command { id: request(seq).op, op: Op { key: Key::at(0), action: Action::Add(amount) } }
}

pub(crate) fn vote(ballot: Ballot, value: Value<Op>) -> Vote<Op> {
    Vote { ballot, value }
}

pub(crate) fn promise(ballot: Ballot, votes: &[(u64, Vote<Op>)]) -> Message {
    promise_dropping(ballot, votes, 0)
}

/// Of an acceptor that has dropped all slots up to one.
pub(crate) fn promise_dropping(ballot: Ballot, votes: &[(u64, Vote<Op>)], dropped: u64) -> Message {
    let votes = votes.iter().map(|(slot, vote)| (Slot::new(*slot), vote.clone())).collect();
    Msg::Promise { ballot, votes, dropped: Slot::new(dropped) }
}

pub(crate) fn prepare(ballot: Ballot, from: u64) -> Message {
    Msg::Prepare { ballot, from: Slot::new(from), handed_over: None }
}

pub(crate) fn accept(slot: u64, vote: Vote<Op>) -> Message {
    Msg::Accept { slot: Slot::new(slot), vote, commit: Slot::ZERO }
}

pub(crate) fn accepted(slot: u64, ballot: Ballot) -> Message {
    Msg::Accepted { ballot, slot: Slot::new(slot) }
}

pub(crate) fn heartbeat(ballot: Ballot, commit: u64) -> Message {
    Msg::Heartbeat { ballot, commit: Slot::new(commit), beat: Beat::ZERO }
}

pub(crate) fn has_promised(ballot: Ballot) -> Written {
    Record::Promised(ballot)
}

pub(crate) fn has_accepted(slot: u64, vote: Vote<Op>) -> Written {
    Record::Accepted { slot: Slot::new(slot), vote }
}

pub(crate) fn knows(slot: u64, value: Value<Op>) -> Written {
    Record::Chosen { slot: Slot::new(slot), value }
}
