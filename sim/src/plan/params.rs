//! What a scenario file can say in each of its sections.

use crate::param::{Default, Literal, Param, Shape};

/// `[network]`.
pub static NETWORK: &[Param] = &[
    Param {
        name: "delay",
        shape: Shape::Delay,
        default: Default::Value(Literal::Table("uniform", &["1ms", "10ms"])),
        doc: "how long a message between nodes takes",
    },
    Param {
        name: "client-delay",
        shape: Shape::Delay,
        default: Default::Absent,
        doc: "how long a message between a client and a node takes; as `delay` unless written",
    },
    Param {
        name: "loss",
        shape: Shape::Odds,
        default: Default::Value(Literal::Text("0%")),
        doc: "how many messages are lost",
    },
    Param {
        name: "duplicate",
        shape: Shape::Odds,
        default: Default::Value(Literal::Text("0%")),
        doc: "how many messages arrive twice",
    },
    Param {
        name: "reorder",
        shape: Shape::Odds,
        default: Default::Value(Literal::Text("0%")),
        doc: "how many messages are held up by up to ten more delays, so that others overtake them",
    },
    Param {
        name: "order",
        shape: Shape::Choice(&[
            ("any", "messages overtake each other as their delays have it"),
            ("fifo", "the messages of one link keep their order, as on a TCP connection"),
        ]),
        default: Default::Value(Literal::Text("any")),
        doc: "whether messages of one link may overtake each other",
    },
];

/// `[disk]`.
pub static DISK: &[Param] = &[
    Param {
        name: "sync",
        shape: Shape::Delay,
        default: Default::Value(Literal::Table("uniform", &["100us", "2ms"])),
        doc: "how long a sync takes; with \"0s\" all that is written is durable at once",
    },
    Param {
        name: "restart",
        shape: Shape::Spans,
        default: Default::Value(Literal::Texts(&["100ms", "500ms"])),
        doc: "how long until a node that has stopped by itself is started again",
    },
];

/// `[clock]`.
pub static CLOCK: &[Param] = &[
    Param {
        name: "offset",
        shape: Shape::Shifts,
        default: Default::Value(Literal::Texts(&["-50ms", "+50ms"])),
        doc: "how far each clock is off at first (drawn from the range)",
    },
    Param {
        name: "drift",
        shape: Shape::Odds,
        default: Default::Value(Literal::Text("100ppm")),
        doc: "how much each clock runs fast or slow, at most",
    },
];

/// `[clients]`. A workload's own parameters stand in the same table.
pub static CLIENTS: &[Param] = &[
    Param {
        name: "count",
        shape: Shape::Count(1, 1_000),
        default: Default::Value(Literal::Count(4)),
        doc: "how many clients",
    },
    Param {
        name: "start",
        shape: Shape::Span,
        default: Default::Value(Literal::Text("0s")),
        doc: "when the first operations are asked for",
    },
    Param {
        name: "loop",
        shape: Shape::Choice(&[
            ("closed", "a client asks again when it has an answer"),
            ("open", "operations come at their own pace; each takes an idle client, or is not asked if there is none"),
        ]),
        default: Default::Value(Literal::Text("closed")),
        doc: "what an operation waits for",
    },
    Param {
        name: "pause",
        shape: Shape::Delay,
        default: Default::Value(Literal::Table("uniform", &["0ms", "20ms"])),
        doc: "closed loop: how long a client waits before its next operation; open loop: how long until the next operation of any client",
    },
    Param {
        name: "timeout",
        shape: Shape::Span,
        default: Default::Value(Literal::Text("500ms")),
        doc: "how long a client waits for an answer before it tries another node",
    },
    Param {
        name: "give-up",
        shape: Shape::Span,
        default: Default::Value(Literal::Text("2s")),
        doc: "how long a client tries before it gives an operation up, its fate unknown",
    },
    Param {
        name: "workload",
        shape: Shape::Text,
        default: Default::Value(Literal::Text("kv")),
        doc: "what they ask for",
    },
    Param {
        name: "script",
        shape: Shape::Names,
        default: Default::Absent,
        doc: "exactly these operations of the workload and no others, each as \"c1 1.5s put k1 7\", or to a certain node first as \"c1→n2 1.5s put k1 7\"",
    },
];

/// `[heal]`.
pub static HEAL: &[Param] = &[
    Param {
        name: "at",
        shape: Shape::Span,
        default: Default::Required,
        doc: "when all faults but permanent ones are undone",
    },
    Param {
        name: "within",
        shape: Shape::Span,
        default: Default::Required,
        doc: "how long the cluster then has to serve every client and to catch up",
    },
];

/// `[check]`.
pub static CHECK: &[Param] = &[
    Param {
        name: "linearizable",
        shape: Shape::Flag,
        default: Default::Value(Literal::Flag(true)),
        doc: "the clients' history must be linearizable",
    },
    Param {
        name: "at-once",
        shape: Shape::Flag,
        default: Default::Value(Literal::Flag(false)),
        doc: "check the history as it grows, and end the run with the first answer that nothing explains",
    },
    Param {
        name: "invariants",
        shape: Shape::Names,
        default: Default::Value(Literal::Text("all")),
        doc: "the protocol's own properties: \"all\", \"none\" or a list of names",
    },
    Param {
        name: "states",
        shape: Shape::Count(1, u64::MAX),
        default: Default::Value(Literal::Count(2_000_000)),
        doc: "how many states the linearizability check may visit before it is inconclusive",
    },
    Param {
        name: "bytes",
        shape: Shape::Count(1_000, u64::MAX),
        default: Default::Value(Literal::Count(64_000_000)),
        doc: "how much memory the linearizability check may use before it is inconclusive",
    },
];

/// `[limits]`.
pub static LIMITS: &[Param] = &[
    Param {
        name: "events",
        shape: Shape::Count(1, u64::MAX),
        default: Default::Value(Literal::Count(50_000_000)),
        doc: "how many events a run may have before it is inconclusive",
    },
    Param {
        name: "pending",
        shape: Shape::Count(1, u64::MAX),
        default: Default::Value(Literal::Count(1_000_000)),
        doc: "how many events may be pending before a run is inconclusive",
    },
    Param {
        name: "instant",
        shape: Shape::Count(1, u64::MAX),
        default: Default::Value(Literal::Count(100_000)),
        doc: "how many events may happen at one instant before it counts as standing still, which is a violation",
    },
];
