//! Levels of consistency below linearizability, of registers and entries of maps.

use shaketable_reports::{Act, Clash, Exclusion, Finding, Findings, Judged, Spot, Violation};
use shaketable_sim::check::consistency::{self, Content, Doubt, Evidence, Level, Process, Report, Verdict, check};
use shaketable_sim::check::linearizable::Budget;
use shaketable_sim::spec::cell::{Action, Cell, Ret};

use super::calls::{Fate, History};
use super::event::Mistake;
use super::judge::{Asked, LINEARIZABLE, key_shown, linearizable, process_shown};
use super::models::cell::Words;
use super::models::{Model, Translate, Translated, each};
use super::value::Names;

/// What can be asked for.
pub(crate) static LEVELS: [&str; 10] = [
    LINEARIZABLE,
    "sequential",
    "causal-convergence",
    "causal-memory",
    "causal",
    "session-guarantees",
    "read-your-writes",
    "monotonic-reads",
    "monotonic-writes",
    "writes-follow-reads",
];

/// How many states each weaker level may take if nobody asked for one, for each operation, and besides: whoever wants to know of linearizability must not wait much longer for
/// the rest. What is polynomial gets by with that.
const UNASKED: (u64, u64) = (1_000, 1_000_000);

/// Whether a history is linearizable; if not, which weaker levels it keeps.
///
/// # Errors
/// What is no operation of the model.
pub(crate) fn judge(model: &'static Model, history: &History, asked: &Asked) -> Result<Findings, Vec<Mistake>> {
    let mut found = linearizable::<Words>(model, history, asked)?;
    found.asked = asked.level.unwrap_or(LINEARIZABLE);
    if !found.strongest.is_empty() {
        if found.asked != LINEARIZABLE {
            found.levels.push(Finding { level: found.asked, verdict: Judged::Holds { states: None } });
        }
        return Ok(found);
    }
    let mut operations = Vec::new();
    let names = each::<Words>(model, history, |place, translated| operations.push((place, translated)))?;
    let calls: Vec<consistency::Call> =
        operations.iter().map(|(place, translated)| call(history, *place, translated)).collect();
    let unasked = UNASKED.0 * calls.len() as u64 + UNASKED.1;
    let states = if asked.level.is_none() { asked.budget.states.min(unasked) } else { asked.budget.states };
    let report = check(&calls, Budget { states, ..asked.budget });
    let teller = Teller { model, history, names: &names, operations: &operations, report: &report };
    found
        .levels
        .extend(Level::ALL.into_iter().map(|level| Finding { level: level.name(), verdict: teller.judged(level) }));
    found.strongest = report.strongest().into_iter().map(Level::name).collect();
    Ok(found)
}

fn call(history: &History, place: u32, of: &Translated<Cell>) -> consistency::Call {
    let call = &history.calls[place as usize];
    let found = |ret: &Option<Ret>| -> Content { if let Some(Ret::Value(value)) = ret { *value } else { None } };
    let action = match of.op.action {
        Action::Read => consistency::Action::Read(found(&of.ret)),
        Action::Write(put) => consistency::Action::Write(put),
        Action::Cas { expect, .. } if of.ret == Some(Ret::Swapped(false)) => consistency::Action::Differs(expect),
        Action::Cas { expect, new } => consistency::Action::Swap { found: expect, put: new },
    };
    consistency::Call {
        process: Process(call.process.into()),
        key: consistency::Key(call.key.into()),
        action,
        answered: of.ret.is_some(),
    }
}

/// Tells what the check found in the words of the history.
struct Teller<'a> {
    model: &'static Model,
    history: &'a History,
    names: &'a Names,
    /// Places among the calls of the history, in its order.
    operations: &'a [(u32, Translated<Cell>)],
    report: &'a Report,
}

impl Teller<'_> {
    fn judged(&self, level: Level) -> Judged {
        match self.report.verdict(level) {
            Verdict::Holds => Judged::Holds { states: None },
            Verdict::Violated(evidence) => {
                let clashes = if level == Level::Sessions { self.clashes() } else { Vec::new() };
                Judged::Violated(Violation::Exclusion(Box::new(self.exclusion(evidence, clashes))))
            }
            Verdict::Undecided(doubt) => Judged::Undecided { key: None, why: self.why(*doubt), reached: None },
        }
    }

    fn exclusion(&self, evidence: &Evidence, clashes: Vec<Clash>) -> Exclusion {
        let others: Vec<u32> =
            evidence.story.iter().copied().filter(|&place| Some(place) != evidence.culprit).collect();
        Exclusion {
            pattern: evidence.pattern.name(),
            gist: evidence.pattern.gist(),
            culprit: evidence.culprit.map(|place| self.act(place)),
            story: self.acts(&others),
            clashes,
        }
    }

    fn clashes(&self) -> Vec<Clash> {
        let clashes = self.report.clashes().iter();
        let clash = clashes.map(|(guarantees, evidence)| Clash {
            guarantees: guarantees.members().map(|guarantee| guarantee.name()).collect(),
            story: self.acts(&evidence.story),
        });
        clash.collect()
    }

    fn acts(&self, places: &[u32]) -> Vec<Act> {
        places.iter().map(|&place| self.act(place)).collect()
    }

    /// An operation, with its object: here all are looked at together.
    fn act(&self, place: u32) -> Act {
        let (place, translated) = &self.operations[place as usize];
        let call = &self.history.calls[*place as usize];
        let f = self.history.f(call);
        let key = key_shown(self.history, call.key).map(|key| format!(" {key}")).unwrap_or_default();
        let argument =
            self.model.argument(self.history, call).map(|argument| format!(" {argument}")).unwrap_or_default();
        let to = if let Fate::Answered(_, spot) = &call.fate { Some(*spot) } else { None };
        Act {
            process: process_shown(self.history, call),
            asked: format!("{f}{key}{argument}"),
            answer: translated.ret.as_ref().and_then(|ret| Words::shown(ret, self.names)),
            from: call.asked,
            to,
        }
    }

    fn why(&self, doubt: Doubt) -> String {
        let line = |place: u32| {
            let Spot { line, .. } = self.history.calls[self.operations[place as usize].0 as usize].asked;
            line
        };
        match doubt {
            Doubt::Ambiguous { reader, first, second: Some(second) } => format!(
                "nobody can tell whose value line {} found: lines {} and {} put the same there",
                line(reader),
                line(first),
                line(second)
            ),
            Doubt::Ambiguous { reader, first, second: None } => format!(
                "nobody can tell whether line {} found what line {} put there, or the same as it was at first",
                line(reader),
                line(first)
            ),
            Doubt::Vague(place) => {
                format!("nothing is wrong for certain, but line {} says only what it did not find", line(place))
            }
            Doubt::States => "the check has visited as many states as it may".to_owned(),
            Doubt::Bytes => "the check has used as much memory as it may".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_levels_can_be_asked_for() {
        let names: Vec<&str> = Level::ALL.into_iter().map(Level::name).collect();
        assert_eq!(LEVELS[1..], names);
    }
}
