//! Brings what a kept case has recorded up to date, after a change of the code.

use shaketable_reports::{Case, Expects, Judgement, Side};
use shaketable_sim::faults::{Applied, Planned, Start};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Run, Verdict};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::Instant;

use super::{quoted, recorded};
use crate::attempt::Subject;
use crate::case::remembered;
use crate::compare::compare;
use crate::load::load;
use crate::matching::struck;
use crate::recorded::Recorded;
use crate::scenario::Scenario;
use crate::tables::Tables;
use crate::whole::write_whole;

/// What is to be taken for right although the case says otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Accept {
    /// Nothing.
    Nothing,
    /// That a violation is gone: from now on the case expects a pass.
    Fixed,
    /// The same, and also where the replay went another way, so that nobody but a person can tell whether the violation is gone.
    Diverged,
}

/// What became of a case.
pub(crate) enum Renewed {
    /// It is as it was: what is recorded is what happens.
    Same,
    /// What is recorded was brought up to date.
    Updated,
    /// It expects a pass from now on.
    Closed,
    /// Nothing was changed, because what came of it is not what it expects.
    Refused,
}

/// Replays a case, and if it did what it should or what is accepted, writes down what it did, in its file.
///
/// # Errors
/// If the file cannot be changed.
pub(crate) fn refresh(case: &Scenario, accept: Accept, tables: &Tables) -> Result<(Case, Renewed), String> {
    let old = recorded(case);
    let subject = Subject { scenario: case, side: Side::Own };
    let (replayed, run) = compare(subject, Seed(old.seed));
    let judged = Case { replayed, path: quoted(&case.path) };
    let Some(expects) = expects(&judged, &run, accept) else { return Ok((judged, Renewed::Refused)) };
    let was = judged.replayed.recorded.as_ref().map(|past| past.expects);
    let faults = as_planned(&case.plan.faults, &run);
    let new = Recorded {
        scenario: old.scenario.clone(),
        shrunk_from: old.shrunk_from,
        ..Recorded::of(&run, old.signature.clone(), &faults)
    };
    let text = renewed(&case.text, &remembered(expects, &new))
        .ok_or_else(|| format!("error: {} has no tables [expect] and [recorded] at its end\n", case.path.display()))?;
    if text == case.text {
        return Ok((judged, Renewed::Same));
    }
    let back = load(&case.path, &text, tables)
        .map_err(|wrong| format!("error: the case does not read back:\n{}", wrong.render(false)))?;
    if (Subject { scenario: &back, side: Side::Own }).run(run.seed, None).digest != run.digest {
        return Err(format!("error: {} runs otherwise when it is read back\n", case.path.display()));
    }
    write_whole(&case.path, &text)
        .map_err(|error| format!("error: cannot write {}: {error}\n", case.path.display()))?;
    Ok((judged, if was == Some(expects) { Renewed::Updated } else { Renewed::Closed }))
}

/// What the case is to expect from now on; none if this run is no reason to change anything.
fn expects(case: &Case, run: &Run<Any>, accept: Accept) -> Option<Expects> {
    match (case.replayed.judgement(), &run.verdict, accept) {
        (Judgement::StillFails, ..) => Some(Expects::Violation),
        (Judgement::Holds, ..) => Some(Expects::Pass),
        // It fails by the same name, whatever way it went: the bug is there.
        (Judgement::Diverged, Verdict::Violation(_), _) => Some(Expects::Violation),
        (Judgement::Fixed, _, Accept::Fixed | Accept::Diverged) => Some(Expects::Pass),
        (Judgement::Diverged, Verdict::Pass, Accept::Diverged) => Some(Expects::Pass),
        _ => None,
    }
}

/// The faults of the file, each with what became of it: a fault that did not strike stays in the file.
fn as_planned(planned: &[Planned], run: &Run<Any>) -> Vec<Applied> {
    let idle = |planned: &Planned| Applied {
        kind: planned.kind.name,
        args: planned.args.clone(),
        at: match planned.start {
            Start::At(at) => at,
            Start::Every(..) | Start::When(..) => Instant::ZERO,
        },
        lasting: planned.lasting.map(|(shortest, _)| shortest),
        permanent: planned.permanent,
        acted: 0,
    };
    let struck = struck(planned, &run.applied);
    struck.into_iter().zip(planned).map(|(struck, planned)| struck.unwrap_or_else(|| idle(planned))).collect()
}

/// The text with other tables of what must come of it and of what came of it. All else stays as somebody may have written it. None if
/// these are not the last tables.
fn renewed(text: &str, remembered: &str) -> Option<String> {
    let start = text.find("\n[expect]\n")?;
    let headers: Vec<&str> = text[start..].lines().filter(|line| line.starts_with('[')).collect();
    (headers == ["[expect]", "[recorded]"]).then(|| format!("{}{remembered}", &text[..start]))
}
