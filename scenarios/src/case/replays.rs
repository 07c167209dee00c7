//! Whatever strikes, a saved case replays it: plans drawn at random, over all kinds of faults.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use shaketable_reports::Side;
use shaketable_sim::faults::{FAULTS, Planned};
use shaketable_sim::param::Args;
use shaketable_sim::plan::Plan;
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::run::Run;
use shaketable_sim::script;
use shaketable_sim::spec::any::Any;

use super::{render, render_drawn};
use crate::attempt::Subject;
use crate::load::load;
use crate::scenario::Scenario;
use crate::strategy::Strategy;
use crate::tables::Tables;

/// How many plans are drawn.
const PLANS: u64 = 250;

fn one<'a>(rng: &mut Stream, words: &[&'a str]) -> &'a str {
    rng.pick(words).expect("some words")
}

/// A scenario drawn from a seed: any size, any configuration, one to eight faults.
fn draw(seed: u64) -> String {
    let rng = &mut Seed(seed).stream("plans");
    let protocol = one(rng, &["raft", "raft", "raft/local-reads", "raft/acks-before-sync"]);
    let mut text = format!(
        "protocol = \"{protocol}\"\nnodes = {}\nduration = \"8s\"\nseeds = \"0..1\"\n\
         [raft]\nelections = \"{}\"\nwindow = {}\nbatch = {}\n\
         [network]\nloss = \"{}%\"\nduplicate = \"{}%\"\nreorder = \"{}%\"\norder = \"{}\"\n\
         [disk]\nsync = \"{}\"\n[clients]\nworkload = \"{}\"\nloop = \"{}\"\n",
        rng.between(1, 5),
        one(rng, &["plain", "check-quorum", "pre-vote"]),
        rng.between(1, 8),
        rng.between(1, 64),
        rng.between(0, 5),
        rng.between(0, 5),
        rng.between(0, 5),
        one(rng, &["any", "fifo"]),
        one(rng, &["0s", "1ms", "30ms"]),
        one(rng, &["kv", "counter", "list", "register"]),
        one(rng, &["open", "closed"]),
    );
    if rng.below(3) > 0 {
        text.push_str("[heal]\nat = \"5s\"\nwithin = \"3s\"\n");
    }
    for _ in 0..rng.between(1, 8) {
        text.push_str(&draw_fault(rng));
    }
    text
}

fn draw_fault(rng: &mut Stream) -> String {
    let kind = rng.pick(FAULTS).expect("some kinds");
    let whom = ["n1", "leader", "follower", "random", "minority", "majority", "all", "not(leader)"];
    let ends = ["n1", "leader", "follower", "random", "minority", "all", "clients", "c1", "not(leader)"];
    let mut keys = Vec::new();
    for param in kind.params {
        let value = match param.name {
            "node" | "side" | "members" => format!("\"{}\"", one(rng, &whom)),
            "from" | "to" if kind.name != "transfer" => format!("\"{}\"", one(rng, &ends)),
            "to" => format!("\"{}\"", one(rng, &["n1", "random"])),
            "odds" => format!("\"{}%\"", rng.between(1, 100)),
            "by" if kind.name == "clock-jump" => "[\"-3s\", \"+3s\"]".to_owned(),
            "by" if kind.name == "clock-drift" => format!("\"{}%\"", rng.between(1, 90)),
            "by" => format!("\"{}ms\"", rng.between(1, 300)),
            "both" | "clients" => (rng.below(2) == 0).to_string(),
            "max-down" => format!("\"{}\"", one(rng, &["minority", "any"])),
            "after-effects" => format!("[0, {}]", rng.below(60)),
            "message" if rng.below(3) == 0 => "\"AppendEntries\"".to_owned(),
            "epoch" if rng.below(8) == 0 => rng.between(1, 3).to_string(),
            "nth" if rng.below(8) == 0 => rng.between(1, 40).to_string(),
            "later" => format!("\"{}ms\"", rng.below(300)),
            _ => continue,
        };
        keys.push(format!("{} = {value}", param.name));
    }
    keys.push(match rng.below(6) {
        0 => format!("at = \"{}ms\"", rng.between(0, 4_900)),
        1 => format!("when = {{ committed = {} }}, times = 5", rng.between(1, 50)),
        2 => "when = { leader-changes = 1 }, delay = [\"0s\", \"50ms\"], times = 9".to_owned(),
        3 => "when = { role = \"leader\", epoch-at-least = 2 }, times = 4".to_owned(),
        4 => format!("on-message = {{ kind = \"AppendEntries\", nth = {} }}, times = 9", rng.between(1, 60)),
        _ => format!("every = [\"{}ms\", \"1s\"]", rng.between(1, 900)),
    });
    match rng.below(8) {
        _ if kind.instantaneous => {}
        0 => keys.push("permanent = true".to_owned()),
        1 => {}
        _ => keys.push(format!("for = [\"{}ms\", \"1s\"]", rng.between(1, 999))),
    }
    let mut text = String::new();
    let _ = writeln!(text, "[[fault]]\n{} = {{ {} }}", kind.name, keys.join(", "));
    text
}

fn read(text: &str) -> Scenario {
    load(Path::new("drawn.toml"), text, &Tables::shipped()).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

fn run(scenario: &Scenario, seed: u64) -> Run<Any> {
    (scenario.protocol.run)(&scenario.plan, &scenario.config, scenario.bug, Seed(seed), None)
}

#[test]
fn whatever_strikes_a_saved_case_replays_it() {
    let (mut struck, mut scripts, mut kinds) = (0, 0, std::collections::BTreeSet::new());
    for seed in 0..PLANS {
        let text = draw(seed);
        let scenario = read(&text);
        let first = run(&scenario, seed);
        let case = read(&render(&scenario, &first));
        let again = run(&case, seed);
        assert_eq!(again.digest, first.digest, "plan {seed} did not replay:\n{text}");
        assert_eq!(again.verdict, first.verdict, "plan {seed}");
        assert_eq!(again.applied, first.applied, "plan {seed}");
        let mut lines = Vec::new();
        let mut keep = |line: serde_json::Value| lines.push(line["t"].as_u64());
        let traced =
            (scenario.protocol.run)(&scenario.plan, &scenario.config, scenario.bug, Seed(seed), Some(&mut keep));
        assert_eq!(traced.digest, first.digest, "a trace changed plan {seed}");
        assert!(lines.windows(2).all(|pair| pair[0] <= pair[1]), "time ran backwards in plan {seed}:\n{text}");
        if !scenario.plan.clients.open {
            let mut scripted = case;
            scripted.plan.clients.script = Some(script::of(&first.history));
            let again = run(&read(&render(&scripted, &first)), seed);
            assert_eq!(again.digest, first.digest, "plan {seed} does otherwise by its script:\n{text}");
            scripts += 1;
        }
        struck += first.applied.len();
        kinds.extend(first.applied.iter().map(|fault| fault.kind));
    }
    assert!(scripts > PLANS / 3, "only {scripts} plans had a closed loop");
    assert!(struck > 1_000 && kinds.len() == FAULTS.len(), "{struck} faults of the kinds {kinds:?}");
}

/// A file that says what was drawn, in the place of what it said of that.
fn instead(file: &str, drawn: &str) -> String {
    let heal = |line: &str| ["[heal]", "at ", "within "].iter().any(|start| line.starts_with(start));
    let said = |line: &&str| !["[swarm]", "[network]"].contains(line) && !line.starts_with("duration") && !heal(line);
    let rest: Vec<&str> = file.lines().filter(said).collect();
    let (keys, tables) = drawn.split_at(drawn.find("\n[").expect("what is drawn has tables"));
    format!("{keys}\n{}\n{tables}", rest.join("\n"))
}

#[test]
fn what_a_seed_draws_is_written_as_it_is_read_and_its_case_replays() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for protocol in ["raft", "paxos", "synod", "ring", "dynamo"] {
        for strategy in [Strategy::Swarm, Strategy::Pct] {
            let path = folder.join(protocol).join("swarm.toml");
            let text = std::fs::read_to_string(&path).expect("a shipped scenario");
            let mut scenario = load(&path, &text, &Tables::shipped()).unwrap_or_else(|wrong| panic!("{wrong}"));
            scenario.strategy = strategy;
            for seed in (0..40).map(Seed) {
                let drawn = scenario.drawn(seed);
                let back = read(&instead(&text, &render_drawn(&scenario, seed)));
                // In a table the order of the keys means nothing.
                let sorted = |args: &Args| -> BTreeMap<&str, String> {
                    args.iter().map(|(name, value)| (name, value.to_string())).collect()
                };
                let fault = |fault: &Planned| format!("{} {:?}", fault.kind.name, sorted(&fault.written()));
                let plan = |scenario: &Scenario| {
                    let faults: Vec<String> = scenario.plan.faults.iter().map(fault).collect();
                    let rest = Plan { faults: Vec::new(), ..scenario.plan.clone() };
                    format!("{:?} {rest:?} {faults:#?}", sorted(&scenario.config))
                };
                assert_eq!(plan(&back), plan(&drawn), "{protocol} with seed {seed}");
            }
            let seed = Seed(3);
            let run = Subject { scenario: &scenario, side: Side::Own }.run(seed, None);
            let case = read(&render(&scenario, &run));
            let again = Subject { scenario: &case, side: Side::Own }.run(seed, None);
            assert_eq!(again.digest, run.digest, "{protocol}");
        }
    }
}
