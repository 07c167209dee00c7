//! A protocol that does as it is told, seed by seed, so that what is made of runs can be tested without any.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use shaketable_protocols::{Bug, Protocol};
use shaketable_sim::check::invariant::Property;
use shaketable_sim::digest::digest_of;
use shaketable_sim::faults::Applied;
use shaketable_sim::param::{Args, Default, Literal, Param, Shape, Value};
use shaketable_sim::plan::Plan;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Checkpoint, Coverage, Run, Verdict, Violation};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::Instant;
use shaketable_sim::trace::Sink;
use shaketable_sim::workload::WORKLOADS;

use crate::load::load;
use crate::scenario::Scenario;
use crate::tables::Tables;
use crate::testing::bears_all;

/// The fake protocol alone.
pub(crate) fn tables() -> Tables {
    Tables { protocols: FAKES, faults: &[], workloads: WORKLOADS }
}

/// A scenario of the fake protocol: `rest` is what follows `protocol`, `nodes` and `duration`.
pub(crate) fn scenario(protocol: &str, rest: &str) -> Scenario {
    let text = format!("protocol = \"{protocol}\"\nnodes = 3\nduration = \"1s\"\n{rest}");
    load(Path::new("some/fake.toml"), &text, &tables()).map_err(|wrong| wrong.render(false)).unwrap()
}

/// A folder of its own for each test, gone when it is over.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// Not made yet: that is left to whoever writes the first file.
    pub(crate) fn new(name: &str) -> Folder {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Folder(std::env::temp_dir().join(format!("shaketable-{name}-{}-{number}", std::process::id())))
    }

    /// Writes a file, and says where it is.
    pub(crate) fn write(&self, file: &str, text: &str) -> PathBuf {
        let path = self.0.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// The names of its files, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.0) else { return Vec::new() };
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It may never have been made.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Writes a case of the fake protocol: whatever its seed does, the scenario's own text does, too.
pub(crate) fn render(scenario: &Scenario, run: &Run<Any>) -> String {
    let name = scenario.bug.map_or("fake".to_owned(), |bug| format!("fake/{}", bug.name));
    let (_, rest) = scenario.text.split_once('\n').unwrap();
    format!("# Seed {}.\nprotocol = \"{name}\"\n{}", run.seed, rest.split("[expect]").next().unwrap())
}

static FAKES: &[Protocol] = &[Protocol {
    name: "fake",
    doc: "does as it is told",
    tolerates: "all",
    notation: "numbers",
    params: &[
        Param {
            name: "wrong",
            shape: Shape::Text,
            default: EMPTY,
            doc: "`seed:what` for the wrong protocol; `*` is any seed",
        },
        Param { name: "right", shape: Shape::Text, default: EMPTY, doc: "the same for the right one" },
    ],
    properties: &[Property { name: "safety", doc: "nothing bad" }, Property { name: "order", doc: "nothing odd" }],
    dials: &[],
    messages: &[],
    bears: bears_all,
    milestones: &[],
    bugs: &[Bug { name: "broken", doc: "is broken", source: "none", caught_by: "invariant/safety" }],
    check: |_, _| Vec::new(),
    run,
    fork: |_, _, _, _, _, _| unreachable!("what it does is told by its seed alone: nothing of it can be drawn anew"),
}];

const EMPTY: Default = Default::Value(Literal::Text(""));

/// What strikes in every run.
fn strike() -> Applied {
    let at = Instant::nanos(2_000);
    Applied { kind: "crash", args: Args::default(), at, lasting: None, permanent: false, acted: 1 }
}

/// Differs each time it is asked: what no protocol may look at.
static CLOCK: AtomicU64 = AtomicU64::new(0);

fn run(plan: &Plan, args: &Args, bug: Option<&'static Bug>, seed: Seed, mut trace: Option<Sink<'_>>) -> Run<Any> {
    let Some(Value::Text(script)) = args.get(if bug.is_some() { "wrong" } else { "right" }) else {
        unreachable!("it has a default")
    };
    let (own, any) = (format!("{seed}:"), "*:");
    let mut told = script.split(' ').filter_map(|word| word.strip_prefix(&own).or(word.strip_prefix(any)));
    let what = told.next().unwrap_or("pass");
    let now = if what == "waver" { CLOCK.fetch_add(1, Ordering::Relaxed) } else { 0 };
    let events = (20 + seed.0 * 7 % 10).min(plan.limits.events);
    for id in 1..=events {
        assert!(what != "panic" || id < 5, "told to panic at seed {seed}");
        if let Some(sink) = &mut trace {
            sink(json!({ "id": id, "t": id * 1_000, "state": if id < 11 { 0 } else { now } }));
        }
    }
    let digest = digest_of(&(seed.0, what, now));
    let broken = |property: &str| {
        let story = vec![format!("{property} is broken.")];
        Verdict::Violation(Violation::new("invariant", property, Instant::nanos(7), story))
    };
    Run {
        seed,
        verdict: match what {
            _ if events == plan.limits.events => Verdict::Inconclusive("out of events".to_owned()),
            "pass" | "waver" | "idle" => Verdict::Pass,
            "inconclusive" => Verdict::Inconclusive("told so".to_owned()),
            "exceeded" => Verdict::AssumptionExceeded("told so".to_owned()),
            property => broken(property),
        },
        digest,
        checkpoints: vec![Checkpoint { event: events, at: Instant::nanos(events * 1_000), digest }],
        end: Instant::nanos(events * 1_000),
        applied: vec![strike()],
        messages: Vec::new(),
        states: Vec::new(),
        coverage: Coverage { completed_ops: if what == "idle" { 0 } else { 10 }, events, ..Coverage::default() },
        history: Vec::new(),
    }
}
