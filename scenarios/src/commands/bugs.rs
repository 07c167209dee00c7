//! `shaketable bugs`: the kill matrix, measured.

use std::io;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use shaketable_reports::{Exit, Matrix, Power, Row, Side, Style, markdown, matrix_json};
use shaketable_sim::plan::CheckPlan;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::Verdict;

use super::refuse;
use super::run::threads;
use crate::attempt::Subject;
use crate::cli::{self, Format, Look, Search};
use crate::files::read_all;
use crate::hunt::search;
use crate::interrupt;
use crate::lanes::in_order;
use crate::scenario::{Expected, Scenario};
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, tell};

/// Which checks are on.
#[derive(Clone, Copy)]
enum Checks {
    All,
    Invariants,
    History,
}

const CHECKS: [Checks; 3] = [Checks::All, Checks::Invariants, Checks::History];

/// Measures the scenarios that `args` name, and prints the matrix.
///
/// # Errors
/// If it cannot be printed.
pub(super) fn bugs(args: &cli::Bugs, look: &Look, tables: &Tables) -> io::Result<Exit> {
    let mut scenarios = match read_all(&args.paths, tables, stderr_style(look.color) == Style::Color) {
        Ok(scenarios) => scenarios,
        Err(trouble) => return Ok(refuse(&trouble)),
    };
    if !args.report.can_be_written() {
        return Ok(Exit::Usage);
    }
    let stop = interrupt::heed();
    // Some expect a violation of the right protocol: what it does not promise. Those are no planted bugs.
    scenarios.iter_mut().for_each(|scenario| scenario.strategy = args.strategy.strategy());
    let planted = scenarios.iter().filter(|scenario| scenario.bug.is_some());
    let negative = planted.filter(|scenario| matches!(scenario.expect.verdict, Expected::Violation { .. }));
    let negative: Vec<&Scenario> = negative.collect();
    if negative.is_empty() {
        tell("none of these scenarios expects a violation of a planted bug: nothing is measured\n");
    }
    let mut matrix =
        Matrix { sweeps: args.sweeps, within: (args.within, args.within_alone), rows: Vec::new(), left_out: 0 };
    for scenario in &negative {
        if !look.quiet {
            tell(&format!("{}\n", scenario.path.display()));
        }
        let [all, invariants, history] = CHECKS.map(|checks| measure(scenario, checks, args, stop));
        if stop.load(Ordering::Relaxed) {
            tell("interrupted: the scenario that was being measured is left out\n");
            break;
        }
        let Expected::Violation { signature, .. } = &scenario.expect.verdict else { continue };
        let subject = Subject { scenario, side: Side::Own };
        matrix.rows.push(Row {
            bug: subject.protocol(),
            scenario: scenario.path.display().to_string(),
            expected: signature.clone(),
            all,
            invariants,
            history,
        });
    }
    matrix.left_out = (negative.len() - matrix.rows.len()) as u64;
    let written = args.report.write(|| matrix.document());
    print(&match args.format {
        Format::Human => markdown(&matrix),
        Format::Json => format!("{:#}\n", matrix_json(&matrix)),
    })?;
    let exit = match (stop.load(Ordering::Relaxed), matrix.rows.iter().all(|row| row.all.missed == 0)) {
        (true, _) => Exit::Interrupted,
        _ if matrix.rows.is_empty() => Exit::NothingTested,
        (_, true) => Exit::Pass,
        (_, false) => Exit::Violation,
    };
    Ok(if written { exit } else { exit.or(Exit::Usage) })
}

/// So many independent sweeps of one scenario with some checks, each until something is violated.
fn measure(scenario: &Scenario, checks: Checks, args: &cli::Bugs, stop: &AtomicBool) -> Power {
    let mut checked = scenario.clone();
    let check = &scenario.plan.check;
    let within = match checks {
        Checks::All => args.within,
        _ => args.within_alone,
    };
    checked.plan.check = match checks {
        Checks::All => check.clone(),
        Checks::Invariants => CheckPlan { linearizable: false, ..check.clone() },
        Checks::History => CheckPlan { invariants: Some(Vec::new()), ..check.clone() },
    };
    let step = args.within.max(args.within_alone);
    let bases: Vec<u64> = (0..args.sweeps).map(|sweep| scenario.seeds.start + sweep * step).collect();
    let caught = match args.strategy {
        Search::Drawn(_) => sweep(&checked, &bases, within, threads(args.jobs), stop),
        Search::Guided => search_all(&checked, &bases, within, threads(args.jobs), stop),
    };
    let mut power =
        Power { missed: caught.iter().filter(|caught| caught.is_none()).count() as u64, ..Power::default() };
    for Caught { seeds, signature } in caught.into_iter().flatten() {
        power.seeds.push(seeds);
        *power.signatures.entry(signature).or_default() += 1;
    }
    power.seeds.sort_unstable();
    power
}

/// When a sweep first met a violation.
struct Caught {
    /// With the how-manieth seed.
    seeds: u64,
    signature: String,
}

/// Sweeps in which no seed knows of another.
fn sweep(
    scenario: &Scenario,
    bases: &[u64],
    within: u64,
    threads: NonZeroUsize,
    stop: &AtomicBool,
) -> Vec<Option<Caught>> {
    let subject = Subject { scenario, side: Side::Own };
    let mut caught: Vec<_> = bases.iter().map(|_| None).collect();
    in_order(
        &vec![within; bases.len()],
        threads,
        stop,
        |piece| match subject.run(Seed(bases[piece.lane] + piece.place), None).verdict {
            Verdict::Violation(violation) => Some(violation.signature()),
            _ => None,
        },
        |piece, violated| match violated {
            None => ControlFlow::Continue(()),
            Some(signature) => {
                caught[piece.lane] = Some(Caught { seeds: piece.place + 1, signature });
                ControlFlow::Break(())
            }
        },
    );
    caught
}

/// Sweeps in which each run may be made from those before it: side by side, and each in its own order.
fn search_all(
    scenario: &Scenario,
    bases: &[u64],
    within: u64,
    threads: NonZeroUsize,
    stop: &AtomicBool,
) -> Vec<Option<Caught>> {
    let mut caught: Vec<_> = bases.iter().map(|_| None).collect();
    in_order(
        &vec![1; bases.len()],
        threads,
        stop,
        |piece| search(scenario, bases[piece.lane], within, stop),
        |piece, met| {
            caught[piece.lane] = met.map(|(seeds, signature)| Caught { seeds, signature });
            ControlFlow::Continue(())
        },
    );
    caught
}
