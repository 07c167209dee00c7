//! Workloads: what clients ask for.
//!
//! A workload decides the next operation of a client from its own stream of chance and from what the client saw last.
//! Written values are unique, so that a read tells which write it saw.

use crate::id::{Key, NodeId, OpId};
use crate::param::{Args, Default, Literal, Param, Shape};
use crate::plan::ClientPlan;
use crate::rng::Stream;
use crate::script::Script;
use crate::spec::{NotAnOperation, Spec, any, consensus, counter, kv, list, register};
use crate::time::Instant;

/// Decides what clients ask for.
pub trait Workload<S: Spec> {
    /// The operation that becomes `id`. `last` is the client's last answered operation and its answer.
    fn next(&self, id: OpId, last: Option<&(S::Op, S::Ret)>, rng: &mut Stream) -> S::Op;

    /// When that operation is asked for, of a client that has nothing else to do.
    fn turn(&self, id: OpId) -> Turn {
        let _ = id;
        Turn::Paced
    }

    /// Which node is asked for that operation first; the one that the client would ask in any case if none.
    fn first(&self, id: OpId) -> Option<NodeId> {
        let _ = id;
        None
    }
}

/// When a client that has nothing else to do asks for its next operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// After a pause, as the plan has it.
    Paced,
    /// At this time, or at once if that has passed.
    At(Instant),
    /// Never: it has asked for all that it was to ask.
    Over,
}

/// A workload of the command line.
#[derive(Debug)]
pub struct WorkloadType {
    /// Its name in scenario files: `kv`.
    pub name: &'static str,
    /// What it asks for, in a sentence.
    pub doc: &'static str,
    /// What can be written in `[clients]` besides the common keys.
    pub params: &'static [Param],
    /// Makes it from the values of `params`.
    pub build: fn(&Args) -> Box<dyn Workload<any::Any>>,
    /// Reads one of its operations, as it is shown.
    pub read: fn(&str) -> Result<any::Op, NotAnOperation>,
}

impl WorkloadType {
    /// What clients ask for by their plan: a script if it has one, else what this draws.
    pub fn of(&self, plan: &ClientPlan) -> Box<dyn Workload<any::Any>> {
        match &plan.script {
            Some(lines) => Box::new(Script::new(lines)),
            None => (self.build)(&plan.mix),
        }
    }

    /// Those of its parameters that are weights: each from 0 to 100, and together at most 100.
    pub fn weights(&self) -> impl Iterator<Item = &'static Param> {
        self.params.iter().filter(|param| matches!(param.shape, Shape::Count(0, 100)))
    }
}

/// All workloads.
pub static WORKLOADS: &[WorkloadType] = &[
    WorkloadType {
        name: "register",
        doc: "reads and writes of registers",
        params: &[KEYS, READS],
        build: |args| Box::new(Mix::new(args, Object::Register)),
        read: |text| text.parse().map(any::Op::Register),
    },
    WorkloadType {
        name: "kv",
        doc: "get, put, compare-and-set and delete on the keys of a map",
        params: &[
            KEYS,
            READS,
            weight("cas", 15, "how often compare-and-set is asked for, out of 100"),
            weight("delete", 5, "how often delete is asked for, out of 100"),
        ],
        build: |args| Box::new(KvMix { keys: keys(args), weights: weights(args, &["cas", "delete"]) }),
        read: |text| text.parse().map(any::Op::Kv),
    },
    WorkloadType {
        name: "counter",
        doc: "reads of counters and additions to them: an addition that happens twice shows",
        params: &[KEYS, READS],
        build: |args| Box::new(Mix::new(args, Object::Counter)),
        read: |text| text.parse().map(any::Op::Counter),
    },
    WorkloadType {
        name: "list",
        doc: "reads of append-only lists and appends to them: a read shows every append and their order",
        params: &[KEYS, READS],
        build: |args| Box::new(Mix::new(args, Object::List)),
        read: |text| text.parse().map(any::Op::List),
    },
    WorkloadType {
        name: "consensus",
        doc: "proposals of values to objects that decide once: every client proposes to the first, then to the second, and so on",
        params: &[
            Param {
                name: "keys",
                shape: Shape::Count(1, 10_000),
                default: Default::Value(Literal::Count(10_000)),
                doc: "how many objects there are; after the last comes the first again, which has long been decided",
            },
            Param {
                name: "spread",
                shape: Shape::Count(1, 100),
                default: Default::Value(Literal::Count(3)),
                doc: "from how many objects that come next each is chosen by chance",
            },
        ],
        build: |args| Box::new(Proposals { keys: keys(args), spread: args.count("spread") }),
        read: |text| text.parse().map(any::Op::Consensus),
    },
];

const KEYS: Param = Param {
    name: "keys",
    shape: Shape::Count(1, 10_000),
    default: Default::Value(Literal::Count(3)),
    doc: "how many objects there are; few make clients meet",
};

const READS: Param = weight("reads", 40, "how often a read is asked for, out of 100; the rest writes");

const fn weight(name: &'static str, percent: u64, doc: &'static str) -> Param {
    Param { name, shape: Shape::Count(0, 100), default: Default::Value(Literal::Count(percent)), doc }
}

fn keys(args: &Args) -> u64 {
    args.count("keys")
}

/// The weights of reads, of `others`, and of what is left of 100.
fn weights(args: &Args, others: &[&str]) -> Vec<u32> {
    let mut weights = vec![args.count("reads") as u32];
    weights.extend(others.iter().map(|name| args.count(name) as u32));
    let rest = 100_u32.saturating_sub(weights.iter().sum());
    weights.push(rest);
    weights
}

/// A value that no other operation of the run writes: the client and its operation, in decimal places of their own.
fn unique(id: OpId) -> u64 {
    (id.client.index() as u64 + 1) * 1_000_000 + u64::from(id.seq)
}

/// Reads and one kind of write, on one kind of object.
struct Mix {
    keys: u64,
    weights: Vec<u32>,
    object: Object,
}

enum Object {
    Register,
    Counter,
    List,
}

impl Mix {
    fn new(args: &Args, object: Object) -> Mix {
        Mix { keys: keys(args), weights: weights(args, &[]), object }
    }
}

impl Workload<any::Any> for Mix {
    fn next(&self, id: OpId, _: Option<&(any::Op, any::Ret)>, rng: &mut Stream) -> any::Op {
        let key = Key::at(rng.below(self.keys) as usize);
        let read = rng.weighted(&self.weights) == 0;
        match self.object {
            Object::Register => any::Op::Register(register::Op {
                key,
                action: if read { register::Action::Read } else { register::Action::Write(unique(id)) },
            }),
            Object::Counter => any::Op::Counter(counter::Op {
                key,
                action: if read { counter::Action::Read } else { counter::Action::Add(rng.between(1, 5)) },
            }),
            Object::List => any::Op::List(list::Op {
                key,
                action: if read { list::Action::Read } else { list::Action::Append(unique(id)) },
            }),
        }
    }
}

struct KvMix {
    keys: u64,
    weights: Vec<u32>,
}

impl Workload<any::Any> for KvMix {
    fn next(&self, id: OpId, last: Option<&(any::Op, any::Ret)>, rng: &mut Stream) -> any::Op {
        let key = Key::at(rng.below(self.keys) as usize);
        let value = unique(id);
        any::Op::Kv(match rng.weighted(&self.weights) {
            0 => kv::Op { key, action: kv::Action::Get },
            // A compare-and-set expects what its client saw last: it succeeds unless somebody came between.
            1 => match last {
                Some((any::Op::Kv(kv::Op { key, action: kv::Action::Put(expect) }), _)) => {
                    kv::Op { key: *key, action: kv::Action::Cas { expect: *expect, new: value } }
                }
                Some((any::Op::Kv(kv::Op { key, .. }), any::Ret::Kv(kv::Ret::Value(Some(expect))))) => {
                    kv::Op { key: *key, action: kv::Action::Cas { expect: *expect, new: value } }
                }
                _ => kv::Op { key, action: kv::Action::Get },
            },
            2 => kv::Op { key, action: kv::Action::Delete },
            _ => kv::Op { key, action: kv::Action::Put(value) },
        })
    }
}

/// Proposals to one consensus object after the other. All clients take the same way, so that they meet.
struct Proposals {
    keys: u64,
    spread: u64,
}

impl Workload<any::Any> for Proposals {
    fn next(&self, id: OpId, _: Option<&(any::Op, any::Ret)>, rng: &mut Stream) -> any::Op {
        let place = u64::from(id.seq) - 1 + rng.below(self.spread);
        let key = Key::at((place % self.keys) as usize);
        any::Op::Consensus(consensus::Op { key, propose: unique(id) })
    }
}

/// What to ask for, written as a function: for tests of protocols of one's own.
///
/// ```
/// use shaketable_sim::id::{ClientId, Key, OpId};
/// use shaketable_sim::rng::{Seed, Stream};
/// use shaketable_sim::spec::counter::{Action, Counter, Op};
/// use shaketable_sim::workload::Workload;
/// let adding = |_: OpId, _: Option<&_>, _: &mut Stream| Op { key: Key::at(0), action: Action::Add(1) };
/// let id = OpId { client: ClientId::at(0), seq: 1 };
/// assert_eq!(Workload::<Counter>::next(&adding, id, None, &mut Seed(1).stream("client 1")).to_string(), "add k1 1");
/// ```
impl<S: Spec, F: Fn(OpId, Option<&(S::Op, S::Ret)>, &mut Stream) -> S::Op> Workload<S> for F {
    fn next(&self, id: OpId, last: Option<&(S::Op, S::Ret)>, rng: &mut Stream) -> S::Op {
        self(id, last, rng)
    }
}
