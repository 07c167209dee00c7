//! Whether a case outlives a change of the code that changes nothing about the protocol.
//!
//! A node is wrapped as a programmer might rework it: a timer more that does nothing, a kind of message more that everybody ignores, and the fields of
//! messages in another order. So every digest is another one. What a case has recorded by its meaning must be met again all the same, to the last message.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::path::Path;

use serde::{Serialize, Serializer};
use serde_json::Value;
use shaketable_protocols::{Bug, Protocol, raft, synod};
use shaketable_reports::{Faithful, Judgement, Replayed, Side};
use shaketable_sim::check::invariant::{Breach, Invariants, Now, Property};
use shaketable_sim::faults::FAULTS;
use shaketable_sim::history::History;
use shaketable_sim::id::{NodeId, RequestId};
use shaketable_sim::node::{
    Cluster, Command, Ctx, DiskError, Effect, EffectOf, Electorate, Message, Milestone, Node, Observation, Op,
    Recovered,
};
use shaketable_sim::param::Args;
use shaketable_sim::plan::Plan;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::Run;
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Instant, Ppm, Span};
use shaketable_sim::trace::Sink;
use shaketable_sim::workload::WORKLOADS;
use shaketable_sim::world;

use super::{read_cases, recorded};
use crate::attempt::Subject;
use crate::compare::compare;
use crate::scenario::Scenario;
use crate::tables::Tables;

/// How often the timer runs out that is too many.
const OFTEN: Span = Span::millis(7);

/// What the rework did to the messages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rework {
    /// Their fields stand in another order.
    Harmless,
    /// The same, and one kind has another name.
    Renames(&'static str),
}

struct Setup<N: Node> {
    inner: N::Config,
    rework: Rework,
}

impl<N: Node> Clone for Setup<N> {
    fn clone(&self) -> Self {
        Setup { inner: self.inner.clone(), rework: self.rework }
    }
}

#[derive(Clone)]
struct Reworked<N: Node> {
    inner: N,
    rework: Rework,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Timer<T> {
    Idle,
    Inner(T),
}

#[derive(Clone, Debug)]
enum Msg<M> {
    Idle,
    Inner { msg: M, kind: &'static str },
}

impl<M: Message> Msg<M> {
    /// All that is in it, with the fields of every table in another order.
    fn reordered(&self) -> Value {
        fn turn(value: Value) -> Value {
            match value {
                Value::Object(fields) => {
                    Value::Object(fields.into_iter().rev().map(|(key, value)| (key, turn(value))).collect())
                }
                Value::Array(items) => Value::Array(items.into_iter().map(turn).collect()),
                other => other,
            }
        }
        match self {
            Msg::Idle => Value::Null,
            Msg::Inner { msg, .. } => turn(serde_json::to_value(msg).expect("a message can be told")),
        }
    }
}

impl<M: Message> Hash for Msg<M> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.reordered().to_string().hash(state);
    }
}

impl<M: Message> Serialize for Msg<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.reordered().serialize(serializer)
    }
}

impl<M: Message> Message for Msg<M> {
    fn kind(&self) -> &'static str {
        match self {
            Msg::Idle => "Idle",
            Msg::Inner { kind, .. } => kind,
        }
    }

    fn epoch(&self) -> u64 {
        match self {
            Msg::Idle => 0,
            Msg::Inner { msg, .. } => msg.epoch(),
        }
    }
}

impl Rework {
    fn kind(self, kind: &'static str) -> &'static str {
        if self == Rework::Renames(kind) { "Renamed" } else { kind }
    }

    fn effect<N: Node>(self, effect: EffectOf<N>) -> EffectOf<Reworked<N>> {
        match effect {
            Effect::Send { to, msg } => {
                let kind = self.kind(msg.kind());
                Effect::Send { to, msg: Msg::Inner { msg, kind } }
            }
            Effect::SetTimer { timer, after } => Effect::SetTimer { timer: Timer::Inner(timer), after },
            Effect::CancelTimer { timer } => Effect::CancelTimer { timer: Timer::Inner(timer) },
            Effect::Reply { to, ret } => Effect::Reply { to, ret },
            Effect::Reject { to, hint } => Effect::Reject { to, hint },
            Effect::Write(record) => Effect::Write(record),
            Effect::Compact(records) => Effect::Compact(records),
            Effect::Sync { held } => Effect::Sync { held },
            Effect::Note(text) => Effect::Note(text),
            Effect::Reached(milestone) => Effect::Reached(milestone),
            Effect::Halt(why) => Effect::Halt(why),
        }
    }
}

impl<N: Node> Reworked<N> {
    fn run(&mut self, ctx: &mut Ctx<'_, Self>, handler: impl FnOnce(&mut N, &mut Ctx<'_, N>)) {
        let ((), effects) = ctx.nested(|ctx| handler(&mut self.inner, ctx));
        let rework = self.rework;
        ctx.pass(effects.into_iter().map(|effect| rework.effect::<N>(effect)));
    }
}

impl<N: Node> Node for Reworked<N> {
    type Config = Setup<N>;
    type Msg = Msg<N::Msg>;
    type Timer = Timer<N::Timer>;
    type Record = N::Record;
    type Service = N::Service;
    type Invariants = Inner<N::Invariants>;
    const MILESTONES: &'static [Milestone] = N::MILESTONES;

    fn boot(setup: &Setup<N>, disk: Recovered<N::Record>, ctx: &mut Ctx<'_, Self>) -> Self {
        let (inner, effects) = ctx.nested(|ctx| N::boot(&setup.inner, disk, ctx));
        ctx.pass(effects.into_iter().map(|effect| setup.rework.effect::<N>(effect)));
        ctx.set_timer(Timer::Idle, OFTEN);
        Reworked { inner, rework: setup.rework }
    }

    fn on_message(&mut self, from: NodeId, msg: Msg<N::Msg>, ctx: &mut Ctx<'_, Self>) {
        if let Msg::Inner { msg, .. } = msg {
            self.run(ctx, |node, ctx| node.on_message(from, msg, ctx));
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op<Self>, ctx: &mut Ctx<'_, Self>) {
        self.run(ctx, |node, ctx| node.on_request(id, op, ctx));
    }

    fn on_timer(&mut self, timer: Timer<N::Timer>, ctx: &mut Ctx<'_, Self>) {
        match timer {
            Timer::Inner(timer) => self.run(ctx, |node, ctx| node.on_timer(timer, ctx)),
            Timer::Idle => {
                ctx.peers().for_each(|peer| ctx.send(peer, Msg::Idle));
                ctx.set_timer(Timer::Idle, OFTEN);
            }
        }
    }

    fn on_command(&mut self, command: &Command, ctx: &mut Ctx<'_, Self>) {
        self.run(ctx, |node, ctx| node.on_command(command, ctx));
    }

    fn on_disk_error(&mut self, error: DiskError, ctx: &mut Ctx<'_, Self>) {
        self.run(ctx, |node, ctx| node.on_disk_error(error, ctx));
    }

    fn observe(&self) -> Observation {
        self.inner.observe()
    }

    fn electorates(&self, cluster: Cluster) -> Vec<Electorate> {
        self.inner.electorates(cluster)
    }

    fn lease_until(&self) -> Option<Instant> {
        self.inner.lease_until()
    }

    fn clock_bound(config: &Self::Config) -> Option<Ppm> {
        N::clock_bound(&config.inner)
    }
}

/// What the node inside promises.
#[derive(Clone, Debug)]
struct Inner<I>(I);

impl<N: Node> Invariants<Reworked<N>> for Inner<N::Invariants> {
    const PROPERTIES: &'static [Property] = <N::Invariants as Invariants<N>>::PROPERTIES;

    fn new(nodes: usize) -> Self {
        Inner(Invariants::<N>::new(nodes))
    }

    fn after_event(&mut self, id: NodeId, node: &Reworked<N>) -> Result<(), Box<Breach>> {
        self.0.after_event(id, &node.inner)
    }

    fn after_heal(&mut self, nodes: &[Option<&Reworked<N>>], history: &History<N::Service>) -> Result<(), Box<Breach>> {
        let inner: Vec<Option<&N>> = nodes.iter().map(|node| node.map(|node| &node.inner)).collect();
        self.0.after_heal(&inner, history)
    }

    fn at(&mut self, now: Now) {
        Invariants::<N>::at(&mut self.0, now);
    }

    fn after_crash(&mut self, id: NodeId) {
        Invariants::<N>::after_crash(&mut self.0, id);
    }
}

/// Runs a protocol, with its bug or without, in a reworked form.
macro_rules! reworked {
    ($name:ident, $protocol:ident, $node:ty, $rework:expr) => {
        fn $name(plan: &Plan, args: &Args, bug: Option<&'static Bug>, seed: Seed, trace: Option<Sink<'_>>) -> Run<Any> {
            use $protocol::bugs::{Planted, planted};
            let workload =
                WORKLOADS.iter().find(|workload| workload.name == plan.clients.workload).expect("a workload");
            let config = $protocol::Config::from_args(args).expect("right parameters");
            let inner = match bug.map(|bug| planted(bug.name)) {
                None => config,
                Some(Some(Planted::Rules(rules))) => config.with_rules(rules),
                Some(_) => unreachable!("these cases are of bugs in rules"),
            };
            let setup = Setup { inner, rework: $rework };
            world::run::<Reworked<$node>>(plan, &setup, &*workload.of(&plan.clients), seed, trace)
        }
    };
}

reworked!(raft_reworked, raft, raft::Raft<Any>, Rework::Harmless);
reworked!(raft_renamed, raft, raft::Raft<Any>, Rework::Renames("AppendEntries"));
reworked!(synod_reworked, synod, synod::Synod<Any>, Rework::Harmless);

static HARMLESS: &[Protocol] =
    &[Protocol { run: raft_reworked, ..raft::RAFT }, Protocol { run: synod_reworked, ..synod::SYNOD }];
static RENAMED: &[Protocol] = &[Protocol { run: raft_renamed, ..raft::RAFT }];

/// The kept cases of bugs in the rules of these protocols.
fn cases(protocols: &'static [Protocol]) -> Vec<Scenario> {
    let tables = Tables { protocols, faults: FAULTS, workloads: WORKLOADS };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("kept cases").map(|file| file.expect("a file").path()).collect();
    files.sort();
    let is_of = |file: &Path| {
        let text = std::fs::read_to_string(file).expect("text");
        protocols.iter().any(|protocol| text.contains(&format!("protocol = \"{}/", protocol.name)))
    };
    files.retain(|file| is_of(file));
    let mut cases = read_cases(&files, &tables, false).unwrap_or_else(|trouble| panic!("{trouble:?}"));
    let in_rules = |case: &Scenario| {
        let bug = case.bug.expect("a planted bug").name;
        matches!(raft::bugs::planted(bug), Some(raft::bugs::Planted::Rules(_)) if case.protocol.name == "raft")
            || matches!(synod::bugs::planted(bug), Some(synod::bugs::Planted::Rules(_)) if case.protocol.name == "synod")
    };
    cases.retain(in_rules);
    assert!(cases.len() >= protocols.len() * 2, "there are only {} cases", cases.len());
    cases
}

fn replay(case: &Scenario) -> Replayed {
    compare(Subject { scenario: case, side: Side::Own }, Seed(recorded(case).seed)).0
}

fn faithful(replayed: &Replayed) -> &Faithful {
    &replayed.recorded.as_ref().expect("a record").faithful
}

#[test]
fn a_case_still_fails_after_a_change_that_changes_nothing_and_everything_in_it_is_met_again() {
    let mut protocols = BTreeSet::new();
    for case in cases(HARMLESS) {
        let (replayed, name) = (replay(&case), case.path.display());
        assert_ne!(replayed.digest, recorded(&case).digest, "{name}: the change has not changed anything");
        assert_eq!(replayed.judgement(), Judgement::StillFails, "{name}: {:?}", replayed.recorded);
        let Faithful::ByMeaning(matches) = faithful(&replayed) else { panic!("{name} is exactly the same") };
        assert!(matches.is_complete(), "{name}: {matches:?}");
        assert_eq!(matches.messages.met, matches.messages.of, "{name}");
        protocols.insert(case.protocol.name);
    }
    assert_eq!(protocols.len(), HARMLESS.len());
}

#[test]
fn a_kind_of_message_with_another_name_leads_a_case_astray_and_that_is_said() {
    for case in cases(RENAMED) {
        let replayed = replay(&case);
        if recorded(&case).meaning.iter().flat_map(|meaning| &meaning.messages).any(|line| line.kind == "AppendEntries")
        {
            assert_eq!(replayed.judgement(), Judgement::Diverged, "{}: {:?}", case.path.display(), replayed.verdict);
            let Faithful::ByMeaning(matches) = faithful(&replayed) else { panic!("nothing was renamed") };
            let gone = |line: &String| line.starts_with("no AppendEntries is sent any more");
            assert!(matches.amiss.iter().any(gone), "{matches:?}");
        }
    }
}
