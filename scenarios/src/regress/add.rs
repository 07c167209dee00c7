//! Takes a saved case among those that are kept.

use std::path::{Path, PathBuf};

use shaketable_reports::{Expects, Judgement, Side};
use shaketable_sim::faults::Planned;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Run, Verdict, Violation};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Instant, Span};

use super::{Case, quoted, recorded};
use crate::attempt::{Attempt, Subject};
use crate::case::render_kept;
use crate::cases::slug;
use crate::compare::compare;
use crate::files::{Trouble, read_all};
use crate::load::load;
use crate::recorded::Recorded;
use crate::scenario::{Expected, Scenario};
use crate::tables::Tables;
use crate::whole::write_anew;

/// How much later than it was found a kept case may fail, at least.
const ROOM: Span = Span::millis(500);

/// Where a case is kept.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Added {
    /// In this file, which is new.
    New(PathBuf),
    /// In this file, which was there: the same run of the same protocol.
    Known(PathBuf),
}

/// Takes a saved case into `folder`, under `name` or under one that says what it shows.
///
/// # Errors
/// Why it is refused, for people: above all, that it does not fail as it says.
pub(crate) fn add(case: &Scenario, folder: &Path, name: Option<&str>, tables: &Tables) -> Result<Added, String> {
    let path = case.path.display();
    if matches!(case.expect.verdict, Expected::Pass) {
        return Err(format!("error: {path} expects no violation: there is nothing to keep\n"));
    }
    let old = recorded(case);
    let (replayed, _) = compare(subject(case), Seed(old.seed));
    if replayed.judgement() != Judgement::StillFails {
        let told = Case { replayed, path: quoted(&case.path) }.sentence();
        return Err(format!("error: {path} does not fail as it says: {told}\n"));
    }
    if case.bug.is_some()
        && let Verdict::Violation(violation) =
            (Subject { scenario: case, side: Side::Right }).run(Seed(old.seed), None).verdict
    {
        let why = format!("the right protocol violates {}, too, so it shows no planted bug", violation.signature());
        return Err(format!("error: {path}: {why}\n"));
    }
    let (kept, run) = settled(case, old).ok_or_else(|| format!("error: {path} is not steady\n"))?;
    let new = Recorded {
        scenario: old.scenario.clone(),
        shrunk_from: old.shrunk_from,
        ..Recorded::of(&run, old.signature.clone(), &run.applied)
    };
    if let Some(known) = twin(&kept, &new, folder, tables)? {
        return Ok(Added::Known(known));
    }
    let text = render_kept(&kept, &run.applied, Expects::Violation, &new);
    let stem = name.map_or_else(|| speaking_name(&kept, &old.signature), |name| slug(name.trim_end_matches(".toml")));
    if stem.is_empty() {
        return Err("error: a name needs a letter or a digit of ASCII\n".to_owned());
    }
    let back = load(&folder.join(&stem), &text, tables)
        .map_err(|wrong| format!("error: the case does not read back:\n{}", wrong.render(false)))?;
    if subject(&back).run(run.seed, None).digest != run.digest {
        return Err(format!("error: {path} runs otherwise when it is read back\n"));
    }
    let written = write_anew(folder, &stem, &text);
    written
        .map(|(path, _)| Added::New(path))
        .map_err(|error| format!("error: cannot write into {}: {error}\n", folder.display()))
}

fn subject(scenario: &Scenario) -> Subject<'_> {
    Subject { scenario, side: Side::Own }
}

/// The case with nothing in it that did not happen, and its run. A case that was made smaller ends where it failed; a kept one gets some time to fail a
/// little later, if it fails the same with it.
fn settled(case: &Scenario, old: &Recorded) -> Option<(Scenario, Run<Any>)> {
    let roomy = with_room(case, old);
    [roomy.as_ref(), Some(case)].into_iter().flatten().find_map(|case| {
        let run = failing(case, old)?;
        let mut settled = case.clone();
        settled.plan.faults = run.applied.iter().map(Planned::from).collect();
        keep_asked(&mut settled, &run);
        let run = failing(&settled, old)?;
        Some((settled, run))
    })
}

/// The run of a case, if it fails as recorded, twice.
fn failing(case: &Scenario, old: &Recorded) -> Option<Run<Any>> {
    let Attempt { run, steady } = subject(case).twice(Seed(old.seed));
    let fails = matches!(&run.verdict, Verdict::Violation(violation) if violation.signature() == old.signature);
    (steady && fails).then_some(run)
}

/// The case, going on for half a second and a quarter of its time after the violation.
fn with_room(case: &Scenario, old: &Recorded) -> Option<Scenario> {
    let Verdict::Violation(Violation { check, at, .. }) = failing(case, old)?.verdict else { return None };
    let mut roomy = case.clone();
    let seen = at.since(Instant::ZERO);
    let enough = seen + Span::nanos(seen.as_nanos() / 4) + ROOM;
    // Progress is demanded at a time of its own.
    if check == "liveness" || roomy.plan.duration >= enough {
        return None;
    }
    roomy.plan.duration = enough;
    Some(roomy)
}

/// Leaves out of the script what nobody came to ask for.
fn keep_asked(case: &mut Scenario, run: &Run<Any>) {
    let clients = &mut case.plan.clients;
    let mut asked = vec![0_usize; clients.count];
    run.history.iter().for_each(|operation| asked[operation.id.client.index()] += 1);
    let mut was_asked = |client: usize| {
        let keeps = asked[client] > 0;
        asked[client] -= usize::from(keeps);
        keeps
    };
    if let Some(script) = &mut clients.script {
        script.retain(|line| was_asked(line.client.index()));
    }
}

/// The file in the folder that keeps the same run already.
fn twin(case: &Scenario, new: &Recorded, folder: &Path, tables: &Tables) -> Result<Option<PathBuf>, String> {
    if !folder.exists() {
        return Ok(None);
    }
    let known = match read_all(&[folder.to_owned()], tables, false) {
        Ok(known) => known,
        Err(Trouble::Nothing(_)) => return Ok(None),
        Err(Trouble::Wrong(wrong)) => return Err(wrong),
    };
    let same = |known: &Scenario| {
        let recorded = known.recorded.as_ref();
        subject(known).protocol() == subject(case).protocol()
            && recorded.is_some_and(|known| known.signature == new.signature && known.digest == new.digest)
    };
    Ok(known.into_iter().find(same).map(|known| known.path))
}

/// `raft-votes-twice-election-safety`.
fn speaking_name(case: &Scenario, signature: &str) -> String {
    let property = signature.strip_prefix("invariant/").unwrap_or(signature);
    slug(&format!("{} {property}", subject(case).protocol()))
}
