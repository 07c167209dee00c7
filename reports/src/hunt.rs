//! The report of a hunt: what was found, how often and how to see it again; what was hunted in vain; and whether the hunt proved that
//! it finds anything at all.

use serde_json::{Value, json};
use shaketable_sim::run::Coverage;
use shaketable_sim::time::Span;

use crate::block::{Block, where_they_part};
use crate::json::numbers;
use crate::summary::{Exit, Notice, Wavering};
use crate::text::{Cell, Style, Tint, counted, grouped, long_span, table};

/// What came of a hunt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hunted {
    /// The version of the tool.
    pub version: String,
    /// How trouble was looked for.
    pub strategy: String,
    /// The first seed.
    pub base: u64,
    /// The folder of the cases and of what the next start needs to go on.
    pub folder: String,
    /// Whether somebody wanted it to stop.
    pub interrupted: bool,
    /// For how long this start hunted.
    pub elapsed: Span,
    /// One for each scenario, in the order in which they were asked for.
    pub grounds: Vec<Ground>,
    /// One for each protocol, in the order in which scenarios named them first.
    pub canaries: Vec<Canary>,
    /// One for each signature of each protocol, in the order of their names.
    pub prey: Vec<Prey>,
}

/// What was hunted in one scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ground {
    /// The scenario's file.
    pub name: String,
    /// What ran.
    pub protocol: String,
    /// How many runs there were, since the hunt began.
    pub runs: u64,
    /// How many of them found something.
    pub finding: u64,
    /// How many operations were completed in those that passed.
    pub completed: u64,
    /// How much time was simulated.
    pub simulated: Span,
    /// What all runs exercised, together.
    pub coverage: Coverage,
    /// Of a guided search: after which runs, from 1, so many abstract states had been met, for the first run and each that met a new one.
    pub states: Vec<(u64, u64)>,
    /// How many runs went to `busy`.
    pub timed: u64,
    /// For how long threads of this start have worked on it, added up.
    pub busy: Span,
    /// Runs with more faults than the protocol bears, and the proof of one.
    pub exceeded: Option<Notice>,
    /// Runs that came to no end within some budget, and which.
    pub inconclusive: Option<Notice>,
    /// Runs that came out otherwise when they were repeated.
    pub wavering: Option<Wavering>,
}

/// A planted bug that must be found, so that a hunt which finds nothing else is known to have looked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Canary {
    /// The protocol that is hunted.
    pub protocol: String,
    /// How many runs with planted bugs there were.
    pub runs: u64,
    /// The bug that was found first, and by which signature.
    pub found: Option<(String, String)>,
}

/// All violations of one signature of one protocol.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prey {
    /// What ran.
    pub protocol: String,
    /// The signature.
    pub signature: String,
    /// Whether the scenarios that met it expect it.
    pub expected: bool,
    /// How many runs met it, since the hunt began. None if it is known only from a case that was there before.
    pub runs: u64,
    /// The run that met it first, if any did.
    pub first: Option<First>,
    /// The seed of the run with the fewest events.
    pub seed: u64,
    /// How many events that run has.
    pub events: u64,
    /// The command that shows it again.
    pub reproduce: String,
    /// The command that makes it smaller.
    pub shrink: String,
    /// A file that shows the run, if one was written.
    pub page: Option<String>,
}

/// The run that met a violation first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct First {
    /// Of which scenario.
    pub scenario: String,
    /// From which seed.
    pub seed: u64,
    /// The how-manieth of that scenario, from 1.
    pub run: u64,
}

impl Hunted {
    /// What a program exits with. A hunt that ends because its budget is spent has done what was asked; one that would
    /// have found nothing has tested nothing.
    pub fn exit(&self) -> Exit {
        let mut exit = if self.interrupted { Exit::Interrupted } else { Exit::Pass };
        let mut also = |applies: bool, other: Exit| exit = if applies { exit.or(other) } else { exit };
        also(self.prey.iter().any(|prey| !prey.expected), Exit::Violation);
        also(self.grounds.iter().any(|ground| ground.wavering.is_some()), Exit::Nondeterministic);
        also(self.grounds.iter().any(|ground| ground.inconclusive.is_some()), Exit::Inconclusive);
        also(self.grounds.iter().all(|ground| ground.completed == 0 && ground.finding == 0), Exit::NothingTested);
        also(self.canaries.iter().any(|canary| canary.found.is_none()), Exit::NothingTested);
        exit
    }

    fn runs(&self) -> u64 {
        self.grounds.iter().map(|ground| ground.runs).sum()
    }

    /// Runs a second, and simulated time a second, of this start.
    fn speed(&self) -> String {
        let timed = self.grounds.iter().map(|ground| ground.timed).sum();
        let simulated = self.grounds.iter().map(Ground::simulated_in_time).sum();
        speed(timed, simulated, self.elapsed)
    }
}

impl Ground {
    /// Runs, and simulated time, a second of a core.
    pub(crate) fn speed(&self) -> String {
        speed(self.timed, self.simulated_in_time(), self.busy)
    }

    /// Of the simulated time, what belongs to the runs that were timed, in nanoseconds.
    fn simulated_in_time(&self) -> u64 {
        let share = u128::from(self.simulated.as_nanos()) * u128::from(self.timed) / u128::from(self.runs.max(1));
        u64::try_from(share).unwrap_or(u64::MAX)
    }
}

/// For people. What was found comes last, the unexpected after the expected.
pub fn hunted(hunted: &Hunted, style: Style) -> String {
    let mut parts = vec![grounds(hunted, style)];
    parts.extend(hunted.grounds.iter().flat_map(|ground| doubts(ground, style)).map(Block::done));
    let (expected, unexpected): (Vec<_>, Vec<_>) = hunted.prey.iter().partition(|prey| prey.expected);
    parts.extend(expected.into_iter().chain(unexpected).map(|prey| caught(prey, style).done()));
    let (tint, found) = sentence(hunted);
    let (found, base, folder) = (style.paint(tint, &found), hunted.base, &hunted.folder);
    let last = format!(
        "{found} in {}, by {} from seed {base}; the same command goes on from {folder}\n",
        runs(hunted),
        hunted.strategy
    );
    parts.push(canaries(&hunted.canaries, style) + &last);
    parts.join("\n")
}

fn grounds(hunted: &Hunted, style: Style) -> String {
    let plain = |text: String| Cell { text, tint: Tint::None };
    let faint = |text: &str| Cell { text: text.to_owned(), tint: Tint::Faint };
    let mut rows = vec![["scenario", "runs", "simulated", "operations", "speed of a core", "found"].map(faint).into()];
    rows.extend(hunted.grounds.iter().map(|ground| {
        let found = match ground.finding {
            0 if ground.runs == 0 => Cell { text: "no turn yet".to_owned(), tint: Tint::Faint },
            0 => Cell { text: "nothing".to_owned(), tint: Tint::Good },
            runs => Cell { text: format!("in {}", counted(runs, "run")), tint: Tint::Bad },
        };
        let speed = ground.speed();
        vec![
            plain(ground.name.clone()),
            plain(grouped(ground.runs)),
            plain(long_span(ground.simulated)),
            plain(grouped(ground.completed)),
            plain(speed),
            found,
        ]
    }));
    table(&rows, style)
}

/// `120 runs/s, 2,400 s/s`: runs, and seconds of simulated time, a second of real time. Nothing if nothing was timed.
fn speed(runs: u64, simulated: u64, in_time: Span) -> String {
    let millis = u128::from(in_time.as_nanos() / 1_000_000).max(1);
    let rate = |thousandths: u128| grouped(u64::try_from(thousandths / millis).unwrap_or(u64::MAX));
    match runs {
        0 => String::new(),
        runs => {
            format!("{} runs/s, {} s/s", rate(u128::from(runs) * 1_000), rate(u128::from(simulated) / 1_000_000))
        }
    }
}

/// Runs of which nothing follows, and those that did not come out the same again.
pub(crate) fn doubts(ground: &Ground, style: Style) -> Vec<Block> {
    let notice = |title: &str, notice: &Notice| {
        let mut block = Block::new(style);
        block.title(Tint::Doubtful, title, &ground.name);
        block.line("seeds", &format!("{}, the first is {}", grouped(notice.seeds), notice.first));
        block.line("why", &notice.why);
        block
    };
    let exceeded = ground.exceeded.as_ref().map(|why| notice("more faults than the protocol bears", why));
    let inconclusive = ground.inconclusive.as_ref().map(|why| notice("inconclusive", why));
    let wavering = ground.wavering.as_ref().map(|wavering| {
        let mut block = Block::new(style);
        block.title(Tint::Bad, "nondeterministic", &ground.name);
        block.line("seeds", &format!("{}, the first is {}", grouped(wavering.seeds), wavering.first));
        where_they_part(&mut block, &wavering.split);
        block.reproduce(&wavering.reproduce);
        block
    });
    exceeded.into_iter().chain(inconclusive).chain(wavering).collect()
}

/// A violation that was found.
pub(crate) fn caught(prey: &Prey, style: Style) -> Block {
    let mut block = Block::new(style);
    let (tint, title) = if prey.expected { (Tint::Good, "found, as expected") } else { (Tint::Bad, "found") };
    block.title(tint, title, &format!("{} of {}", prey.signature, prey.protocol));
    match &prey.first {
        None => block.line("met by", "a case that was there before, and still fails"),
        Some(First { scenario, seed, run }) => {
            let runs = counted(prey.runs, "run");
            block.line("met by", &format!("{runs}, first by run {} of {scenario} (seed {seed})", grouped(*run)));
        }
    }
    block.line("cheapest", &format!("seed {}, {}", prey.seed, counted(prey.events, "event")));
    block.line("shrink", &prey.shrink);
    block.reproduce(&prey.reproduce);
    prey.page.iter().for_each(|page| block.page(page));
    block
}

fn canaries(canaries: &[Canary], style: Style) -> String {
    let told = |canary: &Canary| match &canary.found {
        Some((bug, signature)) => {
            let runs = counted(canary.runs, "run");
            let canary = format!("canary: {}/{bug} was found by {signature}, in {runs}", canary.protocol);
            style.paint(Tint::Faint, &canary)
        }
        None => {
            let runs = counted(canary.runs, "run");
            let text = format!(
                "the canary was not found: none of the bugs planted in {} in {runs}; this hunt may have missed as much",
                canary.protocol
            );
            style.paint(Tint::Bad, &text)
        }
    };
    canaries.iter().map(|canary| told(canary) + "\n").collect()
}

/// What was found, in short.
pub(crate) fn sentence(hunted: &Hunted) -> (Tint, String) {
    let unexpected = hunted.prey.iter().filter(|prey| !prey.expected).count() as u64;
    let (tint, found) = match unexpected {
        0 if hunted.prey.is_empty() => (Tint::Good, "nothing found".to_owned()),
        0 => (Tint::Good, "nothing unexpected found".to_owned()),
        more => (Tint::Bad, format!("{} found", counted(more, "failure"))),
    };
    (tint, if hunted.interrupted { format!("interrupted: {found}") } else { found })
}

/// In how many runs, and how fast they were.
pub(crate) fn runs(hunted: &Hunted) -> String {
    let runs = counted(hunted.runs(), "run");
    match hunted.speed() {
        speed if speed.is_empty() => runs,
        speed => format!("{runs} ({speed})"),
    }
}

/// For programs: one object. `speed` alone differs from one time to the next.
pub fn hunted_json(hunted: &Hunted) -> Value {
    let millis = |time: Span| time.as_nanos() / 1_000_000;
    let notice = |notice: &Option<Notice>| {
        notice.as_ref().map(|notice| json!({ "runs": notice.seeds, "first": notice.first, "why": notice.why }))
    };
    let wavering = |wavering: &Wavering| json!({ "runs": wavering.seeds, "first": wavering.first, "reproduce": wavering.reproduce });
    let ground = |ground: &Ground| {
        json!({
            "name": ground.name,
            "protocol": ground.protocol,
            "runs": ground.runs,
            "finding": ground.finding,
            "completed-ops": ground.completed,
            "simulated": ground.simulated,
            "coverage": numbers(&ground.coverage),
            "states": ground.states.last().map(|(_, states)| states),
            "assumption-exceeded": notice(&ground.exceeded),
            "inconclusive": notice(&ground.inconclusive),
            "nondeterministic": ground.wavering.as_ref().map(wavering),
        })
    };
    let canary = |canary: &Canary| {
        let (bug, signature) = canary.found.clone().unzip();
        json!({ "protocol": canary.protocol, "runs": canary.runs, "bug": bug, "signature": signature })
    };
    let prey = |prey: &Prey| {
        json!({
            "protocol": prey.protocol,
            "signature": prey.signature,
            "expected": prey.expected,
            "runs": prey.runs,
            "first": prey.first.as_ref().map(|first| json!({ "scenario": first.scenario, "seed": first.seed, "run": first.run })),
            "cheapest": { "seed": prey.seed, "events": prey.events },
            "reproduce": prey.reproduce,
            "shrink": prey.shrink,
            "page": prey.page,
        })
    };
    let speed = |ground: &Ground| json!({ "name": ground.name, "runs": ground.timed, "busy-ms": millis(ground.busy) });
    json!({
        "v": 1,
        "tool": hunted.version,
        "exit": hunted.exit().code(),
        "interrupted": hunted.interrupted,
        "strategy": hunted.strategy,
        "base": hunted.base,
        "folder": hunted.folder,
        "runs": hunted.runs(),
        "found": hunted.prey.iter().map(prey).collect::<Vec<_>>(),
        "canaries": hunted.canaries.iter().map(canary).collect::<Vec<_>>(),
        "scenarios": hunted.grounds.iter().map(ground).collect::<Vec<_>>(),
        "speed": {
            "elapsed-ms": millis(hunted.elapsed),
            "scenarios": hunted.grounds.iter().map(speed).collect::<Vec<_>>(),
        },
    })
}

#[cfg(test)]
mod tests;
