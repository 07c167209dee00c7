//! Saved cases: a run written down as a scenario file that does the same again.
//!
//! Nothing is left to chance but the seed: the faults are those that struck, at their times. Nothing is left to defaults
//! either, so that a case outlives a change of them.

mod sections;

use std::fmt::Write;
use std::path::PathBuf;

use shaketable_reports::Expects;
use shaketable_sim::faults::{Applied, Planned};
use shaketable_sim::param::{Args, Value};
use shaketable_sim::plan::ClientPlan;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Run, Verdict};
use shaketable_sim::spec::any::Any;

use crate::recorded::Recorded;
use crate::scenario::Scenario;
use crate::strategy::Strategy;

use sections::{heal_args, network_args, sections, since_start};

/// What a case was made smaller from.
pub(crate) struct Larger {
    /// Its file.
    pub(crate) path: PathBuf,
    /// The digest of its run.
    pub(crate) digest: u64,
    /// How much smaller it has become.
    pub(crate) headline: String,
}

/// Writes down `run`, which came of `scenario`.
pub(crate) fn render(scenario: &Scenario, run: &Run<Any>) -> String {
    let mut text = String::new();
    opening(&mut text, scenario, run);
    body(&mut text, &scenario.drawn(run.seed), run.seed, &run.applied);
    outcome(&mut text, scenario, run, None);
    text
}

/// Writes down what a seed draws before its run: how long it takes, the network, the protocol's parameters, the heal, and the faults that are planned.
pub(crate) fn render_drawn(scenario: &Scenario, seed: Seed) -> String {
    let drawn = scenario.drawn(seed);
    let mut text = String::new();
    comment(&mut text, &format!("What seed {seed} makes of {}.", scenario.path.display()));
    if scenario.strategy != Strategy::File && scenario.is_a_script() {
        comment(
            &mut text,
            "It says itself who leads when, and leaves no time for anything else: every strategy does what the file says.",
        );
    }
    keys(&mut text, &Args::new(vec![("duration", Value::Span(drawn.plan.duration))]));
    table(&mut text, "network", &network_args(&drawn.plan.network));
    table(&mut text, drawn.protocol.name, &drawn.config);
    drawn.plan.heal.iter().for_each(|heal| table(&mut text, "heal", &heal_args(heal)));
    for fault in &drawn.plan.faults {
        text += "\n[[fault]]\n";
        keys(&mut text, &Args::new(vec![(fault.kind.name, Value::Table(unlike_defaults(fault)))]));
    }
    text
}

/// What a planned fault says, but for what holds unless something else is said.
fn unlike_defaults(fault: &Planned) -> Args {
    let defaults = Args::defaults(fault.kind.params);
    let written = fault.written();
    let says = |(name, value): &(&'static str, &Value)| defaults.get(name) != Some(*value);
    Args::new(written.iter().filter(says).map(|(name, value)| (name, value.clone())).collect())
}

/// Writes down `run`, which came of `scenario`, which was made smaller from another.
pub(crate) fn render_smaller(scenario: &Scenario, run: &Run<Any>, larger: &Larger) -> String {
    let mut text = String::new();
    comment(&mut text, &format!("A shrunk case: {}.", what(run)));
    comment(&mut text, &format!("{}, from {}.", larger.headline, larger.path.display()));
    comment(&mut text, "To replay it: shaketable replay, and the name of this file.");
    body(&mut text, scenario, run.seed, &run.applied);
    outcome(&mut text, scenario, run, Some(larger));
    text
}

/// Writes down a case that is to be kept, with the faults that struck, under the comment that it has; and below that, what is wrong on purpose.
pub(crate) fn render_kept(scenario: &Scenario, faults: &[Applied], expects: Expects, recorded: &Recorded) -> String {
    let mut text = String::new();
    for line in scenario.text.lines().take_while(|line| line.starts_with('#')) {
        text += line;
        text.push('\n');
    }
    if let Some(bug) = scenario.bug {
        comment(&mut text, "");
        paragraph(&mut text, &format!("The planted bug: {} ({}).", bug.doc, bug.source));
    }
    body(&mut text, scenario, Seed(recorded.seed), faults);
    text + &remembered(expects, recorded)
}

/// All that is run.
fn body(text: &mut String, scenario: &Scenario, seed: Seed, faults: &[Applied]) {
    let protocol = match scenario.bug {
        Some(bug) => format!("{}/{}", scenario.protocol.name, bug.name),
        None => scenario.protocol.name.to_owned(),
    };
    let seeds = format!("{seed}..{}", seed.0.saturating_add(1));
    *text += "\n";
    keys(
        text,
        &Args::new(vec![
            ("protocol", Value::Text(protocol)),
            ("nodes", Value::Count(scenario.plan.nodes as u64)),
            ("duration", Value::Span(scenario.plan.duration)),
            ("seeds", Value::Text(seeds)),
        ]),
    );
    table(text, scenario.protocol.name, &scenario.config);
    for (name, args) in sections(&scenario.plan) {
        table(text, name, &args);
        if name == "clients" {
            script(text, &scenario.plan.clients);
        }
    }
    faults.iter().for_each(|applied| fault(text, applied));
}

/// One line an operation: there may be hundreds.
fn script(text: &mut String, clients: &ClientPlan) {
    let Some(script) = &clients.script else { return };
    *text += "script = [\n";
    for line in script {
        writeln!(text, "    \"{line}\",").expect("a string takes any text");
    }
    *text += "]\n";
}

fn opening(text: &mut String, scenario: &Scenario, run: &Run<Any>) {
    let path = scenario.path.display();
    comment(text, &format!("A saved case: {}, from {path} with seed {}.", what(run), run.seed));
    comment(text, "To replay it: shaketable replay, and the name of this file.");
    if !scenario.doc.is_empty() {
        comment(text, "");
        comment(text, &format!("The scenario says: {}", scenario.doc));
    }
}

fn what(run: &Run<Any>) -> String {
    match &run.verdict {
        Verdict::Violation(violation) => format!("a violation of {}", violation.signature()),
        verdict => format!("a run with the verdict \"{verdict}\""),
    }
}

/// A comment in lines that fit on a screen.
fn paragraph(text: &mut String, words: &str) {
    let mut line = String::new();
    for word in words.split_whitespace() {
        if !line.is_empty() && line.chars().count() + word.chars().count() > 110 {
            comment(text, line.trim_end());
            line.clear();
        }
        line += word;
        line.push(' ');
    }
    comment(text, line.trim_end());
}

/// One line of comment, whatever is in it.
fn comment(text: &mut String, line: &str) {
    let line: String = line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    *text += format!("# {line}").trim_end();
    *text += "\n";
}

fn outcome(text: &mut String, scenario: &Scenario, run: &Run<Any>, larger: Option<&Larger>) {
    let (expects, signature) = match &run.verdict {
        Verdict::Violation(violation) => (Expects::Violation, violation.signature()),
        verdict => (Expects::Pass, verdict.to_string()),
    };
    let recorded = Recorded {
        scenario: Some(scenario.origin()),
        shrunk_from: larger.map(|larger| larger.digest),
        ..Recorded::of(run, signature, &run.applied)
    };
    *text += &remembered(expects, &recorded);
}

/// The tables that say what must come of a case and what came of it when it was recorded.
pub(crate) fn remembered(expects: Expects, recorded: &Recorded) -> String {
    let Recorded { seed, digest, version, signature, scenario, shrunk_from, .. } = recorded;
    let verdict = match expects {
        Expects::Violation => {
            let violation = vec![("violation", Value::Text(signature.clone())), ("within-seeds", Value::Count(1))];
            Value::Table(Args::new(violation))
        }
        Expects::Pass => Value::Choice("pass"),
    };
    let mut text = String::new();
    table(&mut text, "expect", &Args::new(vec![("verdict", verdict)]));
    let mut args = Args::new(vec![
        ("seed", Value::Count(*seed)),
        ("digest", Value::Text(format!("{digest:016x}"))),
        ("version", Value::Text(version.clone())),
        ("signature", Value::Text(signature.clone())),
    ]);
    if let Some(scenario) = scenario {
        args.set("scenario", Value::Text(scenario.clone()));
    }
    if let Some(larger) = shrunk_from {
        args.set("shrunk-from", Value::Text(format!("{larger:016x}")));
    }
    table(&mut text, "recorded", &args);
    recorded.write_lists(&mut text);
    text
}

fn fault(text: &mut String, applied: &Applied) {
    let mut args = applied.args.clone();
    args.set("at", Value::Span(since_start(applied.at)));
    if let Some(lasting) = applied.lasting {
        args.set("for", Value::Spans(lasting, lasting));
    }
    if applied.permanent {
        args.set("permanent", Value::Flag(true));
    }
    *text += "\n[[fault]]\n";
    keys(text, &Args::new(vec![(applied.kind, Value::Table(args))]));
}

fn table(text: &mut String, name: &str, args: &Args) {
    *text += &format!("\n[{name}]\n");
    keys(text, args);
}

fn keys(text: &mut String, args: &Args) {
    for (name, value) in args.iter() {
        *text += &format!("{name} = {value}\n");
    }
}

#[cfg(test)]
mod replays;
#[cfg(test)]
mod tests {
    use std::path::Path;

    use shaketable_sim::faults::Start;
    use shaketable_sim::plan::Plan;
    use shaketable_sim::run::{Checkpoint, Coverage, Violation};
    use shaketable_sim::time::Instant;

    use super::*;
    use crate::load::{GOOD, load};
    use crate::scenario::Expected;
    use crate::tables::Tables;
    use crate::testing;

    fn read(path: &Path, text: &str, tables: &Tables) -> Scenario {
        load(path, text, tables).unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    /// A run as it might have come of the plan: each fault struck once, as it is written.
    fn made_up(scenario: &Scenario) -> Run<Any> {
        let applied = scenario.plan.faults.iter().enumerate().map(|(index, fault)| Applied {
            kind: fault.kind.name,
            args: fault.args.clone(),
            at: Instant::nanos(1_234_567_891 + index as u64),
            lasting: fault.lasting.map(|(low, _)| low),
            permanent: fault.permanent,
            acted: 1,
        });
        Run {
            seed: Seed(17),
            verdict: Verdict::Violation(Violation::new(
                "invariant",
                "election-safety",
                Instant::nanos(2_000_000_000),
                Vec::new(),
            )),
            digest: 0x00c0_ffee_0000_0001,
            checkpoints: vec![Checkpoint { event: 4_096, at: Instant::nanos(1_250_000_000), digest: 7 }],
            end: Instant::nanos(2_000_000_000),
            applied: applied.collect(),
            messages: Vec::new(),
            states: Vec::new(),
            coverage: Coverage::default(),
            history: Vec::new(),
        }
    }

    #[test]
    fn a_case_is_a_scenario_file_for_people_too() {
        let scenario = read(Path::new("scenarios/some.toml"), GOOD, &testing::tables());
        insta::assert_snapshot!(render(&scenario, &made_up(&scenario)));
    }

    #[test]
    fn a_case_reads_back_as_what_it_was_made_from() {
        let mut scenario = read(Path::new("scenarios/some.toml"), GOOD, &testing::tables());
        scenario.plan.check.invariants = Some(vec!["election-safety".to_owned(), "log-matching".to_owned()]);
        let run = made_up(&scenario);
        let case = read(Path::new("case.toml"), &render(&scenario, &run), &testing::tables());

        assert_eq!(case.seeds, 17..18);
        assert_eq!(case.config, scenario.config);
        let without_faults = |plan: &Plan| format!("{:?}", Plan { faults: Vec::new(), ..plan.clone() });
        assert_eq!(without_faults(&case.plan), without_faults(&scenario.plan));
        let faults =
            case.plan.faults.iter().map(|fault| (fault.kind.name, &fault.args, fault.start.clone(), fault.lasting));
        let struck = run
            .applied
            .iter()
            .map(|one| (one.kind, &one.args, Start::At(one.at), one.lasting.map(|lasting| (lasting, lasting))));
        assert!(faults.eq(struck));
        assert!(matches!(case.expect.verdict, Expected::Violation { ref signature, within_seeds: 1 }
            if signature == "invariant/election-safety"));
        let recorded = case.recorded.as_ref().expect("a record");
        assert_eq!((recorded.seed, recorded.digest), (17, run.digest));
        assert_eq!(recorded.version, env!("CARGO_PKG_VERSION"));
        assert_eq!(recorded.checkpoints, run.checkpoints);
        // What is saved of a case is the case, but for the comment that says where it comes from.
        let rules =
            |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
        let again = made_up(&case);
        let twice = render(&case, &Run { applied: run.applied.clone(), ..again });
        assert_eq!(rules(&twice), rules(&case.text));
    }

    #[test]
    fn a_case_replays_to_the_same_digest() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["negative/raft-forgets-vote.toml", "raft/crashes.toml", "raft/rot-and-wipe.toml"] {
            let path: PathBuf = folder.join(name);
            let text = std::fs::read_to_string(&path).expect("a shipped scenario");
            let scenario = read(&path, &text, &Tables::shipped());
            for seed in scenario.seeds.clone().take(3) {
                let run = replay(&scenario, seed);
                let case = read(Path::new("case.toml"), &render(&scenario, &run), &Tables::shipped());
                let again = replay(&case, seed);
                assert_eq!(again.digest, run.digest, "{name} with seed {seed}");
                assert_eq!((again.verdict, again.applied), (run.verdict, run.applied), "{name} with seed {seed}");
            }
        }
    }

    fn replay(scenario: &Scenario, seed: u64) -> Run<Any> {
        (scenario.protocol.run)(&scenario.plan, &scenario.config, scenario.bug, Seed(seed), None)
    }

    #[test]
    fn whatever_a_violation_is_called_the_case_reads_back() {
        let scenario = read(Path::new("some\n\"file\".toml"), GOOD, &testing::tables());
        let mut run = made_up(&scenario);
        let property = "index out of bounds:\n\"7\" \\ 5\u{1b}[31m".to_owned();
        run.verdict = Verdict::Violation(Violation::new("panic", property, run.end, Vec::new()));
        let case = read(Path::new("case.toml"), &render(&scenario, &run), &testing::tables());
        let Verdict::Violation(violation) = run.verdict else { unreachable!("just made") };
        assert_eq!(case.recorded.expect("a record").signature, violation.signature());
    }
}
