//! `shaketable hunt`: a search for failures within a budget, which goes on where it was.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use shaketable_reports::{
    Canary, Exit, First, Ground, Hunted, Notice, Prey, Side, Split, Style, Wavering, counted, grouped, hunted,
    hunted_json,
};
use shaketable_sim::time::Span;

use super::refuse;
use super::run::{fresh, threads};
use crate::attempt::Subject;
use crate::case;
use crate::cases::{Cases, Exhibit, MOST_DRAWN, from_seed, quoted};
use crate::cli::{self, Format, Look, Search};
use crate::files::read_all;
use crate::hunt::{self, Budget, Clock, Earlier, Evidence, Hunt, Identity, State, Store, recall};
use crate::interrupt;
use crate::progress::Progress;
use crate::scenario::Scenario;
use crate::strategy::Strategy;
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, stdout_style, tell};

/// Under this are the folders of hunts for which no other is named.
const OUT: &str = "shaketable-out";

/// Hunts as `args` say, and prints what came of it.
///
/// # Errors
/// If the report cannot be printed.
pub(super) fn hunt(args: &cli::Hunt, look: &Look, tables: Tables) -> io::Result<Exit> {
    let mut scenarios = match read_all(&args.paths, &tables, stderr_style(look.color) == Style::Color) {
        Ok(scenarios) => scenarios,
        Err(trouble) => return Ok(refuse(&trouble)),
    };
    if !args.report.can_be_written() {
        return Ok(Exit::Usage);
    }
    scenarios.iter_mut().for_each(|scenario| scenario.strategy = args.strategy.strategy());
    let identity = Identity::new(&scenarios, &args.strategy.name());
    let folder = args.out.clone().unwrap_or_else(|| Path::new(OUT).join(identity.name()));
    let (store, earlier) = match Store::open(&folder, identity, args.from, || fresh(1).start) {
        Ok(opened) => opened,
        Err(why) => {
            tell(&why);
            return Ok(Exit::Usage);
        }
    };
    if earlier == Earlier::OtherBuild && !look.quiet {
        tell(
            "another build of this program has hunted here, so the hunt begins anew; the cases that it has left are judged again\n",
        );
    }
    let mut state = match earlier {
        Earlier::So(state) => state.of(&scenarios),
        Earlier::Nothing | Earlier::OtherBuild => State::new(&scenarios),
    };
    for trouble in recall(&mut state, &scenarios, &store, &tables) {
        tell(&format!("warning: {trouble}\n"));
    }
    if !look.quiet {
        let before = counted(state.runs(), "run");
        tell(&format!("hunting from seed {} in {}, {before} done before\n", store.base, folder.display()));
    }
    let mut cases = Cases::new(&folder, case::render, tables);
    let stop = interrupt::heed();
    let began = Instant::now();
    let lasting = args.lasting.map(|lasting| Duration::from_nanos(lasting.as_nanos()));
    let budget = Budget {
        runs: args.runs,
        deadline: lasting.and_then(|lasting| began.checked_add(lasting)),
        threads: threads(args.jobs),
        stop,
    };
    let mut hunt = Hunt::new(&scenarios, &cases, &store, state, args.strategy == Search::Guided);
    let mut progress = Progress::lines(look.progress, look.quiet);
    let before = hunt.runs();
    let kept = hunt.run(&budget, |state| progress.say(|elapsed| line(state, before, elapsed, lasting)));
    progress.finish();
    for trouble in &hunt.troubles {
        tell(&format!("warning: {trouble}\n"));
    }
    let (state, clocks) = hunt.done();
    let pages = drawn(&mut cases, &state, args.strategy.strategy());
    for trouble in &cases.troubles {
        tell(&format!("warning: {trouble}\n"));
    }
    let done = Hunted {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        strategy: args.strategy.name(),
        base: store.base,
        folder: folder.display().to_string(),
        interrupted: stop.load(Ordering::Relaxed),
        elapsed: span(began.elapsed()),
        grounds: grounds(&scenarios, &state, &clocks),
        canaries: canaries(&scenarios, &state),
        prey: state
            .finds
            .iter()
            .zip(pages)
            .map(|(find, page)| prey(find, &folder, args.strategy.strategy(), page))
            .collect(),
    };
    let written = args.report.write(|| done.document());
    print(&match args.format {
        Format::Human => hunted(&done, stdout_style(look.color)),
        Format::Json => format!("{:#}\n", hunted_json(&done)),
    })?;
    // What was found is worth more than how to go on, so it is said first.
    let kept = kept.map_err(|error| {
        tell(&format!("error: cannot keep how far the hunt has come in {}: {error}\n", folder.display()));
    });
    Ok(if kept.is_ok() && written { done.exit() } else { done.exit().or(Exit::Usage) })
}

/// A page for each violation that nobody expects, as far as it can be shown: where it is.
fn drawn(cases: &mut Cases, state: &State, strategy: Strategy) -> Vec<Option<String>> {
    let mut left = MOST_DRAWN;
    let page = |find: &hunt::Find| {
        left = left.checked_sub(usize::from(!find.expected))?;
        let (path, strategy) = match &find.kept.evidence {
            Evidence::Case(name) => (cases.folder.join(name), Strategy::File),
            Evidence::Seed(scenario) => (PathBuf::from(scenario), strategy),
        };
        let kept = Exhibit { side: Side::Own, signature: &find.signature, seed: find.kept.seed, reproduce: None };
        if find.expected { None } else { cases.draw_one(&path, strategy, &kept) }
    };
    state.finds.iter().map(page).collect()
}

fn span(time: Duration) -> Span {
    Span::nanos(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

/// How far it is, for people who wait.
fn line(state: &State, before: u64, elapsed: Duration, lasting: Option<Duration>) -> String {
    let rate = u128::from(state.runs() - before) * 1_000 / elapsed.as_millis().max(1);
    let rate = grouped(u64::try_from(rate).unwrap_or(u64::MAX));
    let found = state.finds.iter().filter(|find| !find.expected).count() as u64;
    let blind = state.canaries.iter().any(|canary| canary.found.is_none());
    let canary = if blind { ", the canary not yet" } else { "" };
    let left = lasting
        .map_or(String::new(), |lasting| format!(", {} left", Span::secs(lasting.saturating_sub(elapsed).as_secs())));
    format!("{}, {rate} a second, {} found{canary}{left}", counted(state.runs(), "run"), counted(found, "failure"))
}

fn grounds(scenarios: &[Scenario], state: &State, clocks: &[Clock]) -> Vec<Ground> {
    let ground = |((scenario, lane), clock): ((&Scenario, &hunt::Lane), &Clock)| {
        let subject = Subject { scenario, side: Side::Own };
        let notice = |doubt: &Option<hunt::Doubt>| {
            doubt.as_ref().map(|doubt| Notice { seeds: doubt.runs, first: doubt.first, why: doubt.why.clone() })
        };
        let wavering = |wavering: &hunt::Wavering| Wavering {
            seeds: wavering.runs,
            first: wavering.first,
            split: match wavering.split.clone() {
                hunt::Split::Event(event, first, second) => Split::Event { event, first, second },
                hunt::Split::Hidden(lines) => Split::Hidden { lines },
            },
            reproduce: from_seed(&scenario.path, scenario.strategy, Side::Own, wavering.first),
        };
        Ground {
            name: scenario.path.display().to_string(),
            protocol: subject.protocol(),
            runs: lane.runs,
            finding: lane.finding,
            completed: lane.completed,
            simulated: Span::nanos(lane.simulated),
            coverage: lane.coverage.clone(),
            states: lane.trail.growth(),
            timed: clock.runs,
            busy: span(clock.busy),
            exceeded: notice(&lane.exceeded),
            inconclusive: notice(&lane.inconclusive),
            wavering: lane.wavering.as_ref().map(wavering),
        }
    };
    scenarios.iter().zip(&state.lanes).zip(clocks).map(ground).collect()
}

/// Of the protocols that had their turn.
fn canaries(scenarios: &[Scenario], state: &State) -> Vec<Canary> {
    let hunted = |protocol: &str| {
        let mut lanes = scenarios.iter().zip(&state.lanes);
        lanes.any(|(scenario, lane)| {
            hunt::bears_canaries(scenario) && scenario.protocol.name == protocol && lane.runs > 0
        })
    };
    let canaries = state.canaries.iter().filter(|canary| hunted(&canary.protocol));
    let canary = |canary: &hunt::Canary| Canary {
        protocol: canary.protocol.clone(),
        runs: canary.runs,
        found: canary.found.clone(),
    };
    canaries.map(canary).collect()
}

fn first(first: &hunt::First) -> First {
    First { scenario: first.scenario.clone(), seed: first.seed, run: first.run }
}

fn prey(find: &hunt::Find, folder: &Path, strategy: Strategy, page: Option<String>) -> Prey {
    let (file, seed): (PathBuf, String) = match &find.kept.evidence {
        Evidence::Case(name) => (folder.join(name), String::new()),
        Evidence::Seed(scenario) => {
            (PathBuf::from(scenario), format!(" --seed {}{}", find.kept.seed, strategy.option()))
        }
    };
    let command = |name: &str| format!("shaketable {name} {}{seed}", quoted(&file));
    Prey {
        protocol: find.protocol.clone(),
        signature: find.signature.clone(),
        expected: find.expected,
        runs: find.runs,
        first: find.first.as_ref().map(first),
        seed: find.kept.seed,
        events: find.kept.events,
        reproduce: command("replay"),
        shrink: command("shrink"),
        page,
    }
}
