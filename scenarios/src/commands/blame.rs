//! `shaketable blame`: when a failure became likely, when certain, and what happened there.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as WallClock};

use serde_json::Value;
use shaketable_reports::{Blamed, Exit, Length, Onset, Side, Style, Told, Turn, blamed, blamed_json, counted, told};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Run, Verdict, Violation};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::Instant;

use super::run::threads;
use crate::active::faults_within;
use crate::attempt::{Attempt, Subject};
use crate::blame::{Failure, Means, curve, turns};
use crate::cli::{self, Format, Look, Show};
use crate::files::read;
use crate::interrupt;
use crate::nearest::near;
use crate::scenario::Scenario;
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, stdout_style, tell};

/// Looks for what is to blame for the failure that `args` name, and prints it.
///
/// # Errors
/// If the report cannot be printed.
pub(super) fn blame(args: &cli::Blame, look: &Look, tables: &Tables) -> io::Result<Exit> {
    let color = stderr_style(look.color) == Style::Color;
    let which = args.which;
    let failing =
        read(&args.path, tables, color).and_then(|scenario| scenario.by(which.strategy)).and_then(|scenario| {
            let (run, violation) = failing(&scenario, which.seed)?;
            // What the seed draws before its run is settled, however much of the run is looked at.
            Ok((scenario.drawn(run.seed).into_owned(), (run, violation)))
        });
    let (scenario, (run, violation)) = match failing {
        Ok(failing) => failing,
        Err(why) => {
            tell(&why);
            return Ok(Exit::Usage);
        }
    };
    let stop = interrupt::heed();
    let report = report(&scenario, &run, &violation, args, look, stop);
    print(&match args.format {
        Format::Human => blamed(&report, stdout_style(look.color)),
        Format::Json => format!("{:#}\n", blamed_json(&report)),
    })?;
    Ok(report.exit())
}

/// The run that fails, and how.
///
/// # Errors
/// Why there is none, for people.
pub(super) fn failing(scenario: &Scenario, seed: Option<u64>) -> Result<(Run<Any>, Violation), String> {
    let path = scenario.path.display();
    let seed = seed.or(scenario.recorded.as_ref().map(|recorded| recorded.seed));
    let seed = seed.ok_or_else(|| format!("error: {path} is no saved case: say which seed with `--seed N`\n"))?;
    let Attempt { run, steady } = Subject { scenario, side: Side::Own }.twice(Seed(seed));
    if !steady {
        return Err(format!("error: seed {seed} of {path} is nondeterministic: nothing can be said of it\n"));
    }
    match run.verdict.clone() {
        Verdict::Violation(violation) => Ok((run, violation)),
        verdict => Err(format!("error: seed {seed} of {path} does not fail: {verdict}\n")),
    }
}

fn report(
    scenario: &Scenario,
    run: &Run<Any>,
    violation: &Violation,
    args: &cli::Blame,
    look: &Look,
    stop: &AtomicBool,
) -> Blamed {
    let near = near(scenario, violation);
    let subject = Subject { scenario: &near, side: Side::Own };
    let signature = violation.signature();
    let last = last_event(subject, run, violation.at);
    let means = Means {
        samples: args.samples,
        points: args.points,
        deadline: WallClock::now().checked_add(Duration::from_nanos(args.lasting.as_nanos())),
        threads: threads(args.jobs),
        stop,
    };
    let failure = Failure { subject, seed: run.seed, signature: &signature, last };
    let (points, spent) = curve(failure, means, &mut |points| {
        if !look.quiet && look.progress != Show::None {
            tell(&format!("{}\n", counted(points as u64, "event")));
        }
    });
    let (likely, certain, turns) = (turns::likely(&points), turns::certain(&points), turns::turns(&points));
    let named = [likely, certain].into_iter().filter_map(|onset| match onset {
        Onset::At(turn) => Some(turn),
        Onset::Beginning | Onset::Never => None,
    });
    let named: Vec<Turn> = named.chain(turns.iter().copied()).collect();
    Blamed {
        case: scenario.path.display().to_string(),
        until: Instant::ZERO + near.plan.duration,
        protocol: subject.protocol(),
        seed: run.seed.0,
        seen_at: violation.at,
        told: tell_events(subject, run, &named),
        points,
        likely,
        certain,
        turns,
        signature,
        spent,
        interrupted: stop.load(Ordering::Relaxed),
    }
}

/// The last event until a failure was seen.
fn last_event(subject: Subject<'_>, run: &Run<Any>, seen_at: Instant) -> u64 {
    let mut last = 0;
    subject.run(
        run.seed,
        Some(&mut |line: Value| {
            let number = |key| line.get(key).and_then(Value::as_u64);
            if let (Some(id), Some(at)) = (number("id"), number("t"))
                && at <= seen_at.as_nanos()
            {
                last = id;
            }
        }),
    );
    last.min(run.coverage.events)
}

/// What happened at the later events of these turns.
fn tell_events(subject: Subject<'_>, run: &Run<Any>, turns: &[Turn]) -> Vec<(u64, Told)> {
    let mut lines: BTreeMap<u64, Option<Value>> = turns.iter().map(|turn| (turn.after.event, None)).collect();
    subject.run(
        run.seed,
        Some(&mut |line: Value| {
            if let Some(wanted) = line.get("id").and_then(Value::as_u64).and_then(|id| lines.get_mut(&id)) {
                *wanted = Some(line);
            }
        }),
    );
    let at_turn = |turn: &Turn| {
        let event = turn.after.event;
        let line = lines.get(&event).cloned().flatten();
        let plan = &subject.scenario.plan;
        let words = line
            .as_ref()
            .map_or_else(|| vec!["nothing that a trace would tell".to_owned()], |line| told(line, Length::BRIEF));
        (event, Told { line, words, faults: faults_within(turn.after.at, turn.after.at, &run.applied, plan) })
    };
    let mut told: Vec<(u64, Told)> = turns.iter().map(at_turn).collect();
    told.sort_by_key(|(event, _)| *event);
    told.dedup_by_key(|(event, _)| *event);
    told
}
