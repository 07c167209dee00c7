//! The report of one run, and of how it compares with what was recorded of it.

use shaketable_sim::run::{Checkpoint, Verdict};
use shaketable_sim::time::Instant;

use crate::block::{Block, where_they_part};
use crate::faithful::Faithful;
use crate::lanes::{Bar, Lanes, lanes};
use crate::summary::{Exit, Split};
use crate::text::{Style, Tint, counted, grouped};

/// One run, looked at by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replayed {
    /// The file.
    pub scenario: String,
    /// The protocol, with the bug planted in it if there is one.
    pub protocol: String,
    /// The seed.
    pub seed: u64,
    /// What came of it.
    pub verdict: Verdict,
    /// The digest of all its events and effects.
    pub digest: u64,
    /// How many events it had.
    pub events: u64,
    /// When it ended, by true time.
    pub end: Instant,
    /// The faults that were active when a violation was seen, or else the last that had struck, one a line.
    pub faults: Vec<String>,
    /// If the history is not linearizable, and somebody wants to see why: the operations that contradict each other.
    pub operations: Vec<Bar>,
    /// For a saved case: what was recorded.
    pub recorded: Option<Past>,
    /// If it came out otherwise when it was repeated: where the two part.
    pub wavering: Option<Split>,
}

/// What was recorded of a run, and how the replay compares with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Past {
    /// The violation's signature.
    pub signature: String,
    /// What should come of it now.
    pub expects: Expects,
    /// The digest.
    pub digest: u64,
    /// The version of the tool, if it was another one.
    pub other_version: Option<String>,
    /// How much of the recorded run was met again.
    pub faithful: Faithful,
    /// Where the run has left the recorded one, if it has.
    pub left: Option<Left>,
}

/// What should come of a saved case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expects {
    /// The violation that was recorded: the bug is there.
    Violation,
    /// A pass: the bug was there once.
    Pass,
}

/// Where a run has left the recorded one: between two events whose digests were recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Left {
    /// The last place where both were the same; the beginning if none.
    pub after: Option<Checkpoint>,
    /// The first place where they were not; the end if none.
    pub before: Option<Checkpoint>,
    /// The first event in between, as the trace of the new run has it.
    pub event: Option<String>,
}

/// How a run compares with what was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// There is nothing to compare with: the verdict stands for itself.
    Alone,
    /// The same violation, in the recorded run or in one that went the same way.
    StillFails,
    /// It passes, as it should since it was fixed.
    Holds,
    /// It passes now, and did not when it was recorded, although all that led to the violation was met again.
    Fixed,
    /// The violation that was fixed is back.
    FailsAgain,
    /// Another violation.
    FailsDifferently,
    /// It went another way: what comes of that says nothing about the recorded run.
    Diverged,
    /// It could not be decided.
    Undecided,
    /// Repeating it gave another run.
    Nondeterministic,
}

impl Judgement {
    /// In a few words, for a table.
    pub const fn name(self) -> &'static str {
        match self {
            Judgement::Alone => "alone",
            Judgement::StillFails => "still fails",
            Judgement::Holds => "holds",
            Judgement::Fixed => "fixed",
            Judgement::FailsAgain => "fails again",
            Judgement::FailsDifferently => "fails differently",
            Judgement::Diverged => "diverged",
            Judgement::Undecided => "undecided",
            Judgement::Nondeterministic => "nondeterministic",
        }
    }
}

impl Replayed {
    /// How it compares with what was recorded.
    pub fn judgement(&self) -> Judgement {
        let Some(past) = &self.recorded else {
            return if self.wavering.is_some() { Judgement::Nondeterministic } else { Judgement::Alone };
        };
        let faithful = past.faithful.is_faithful();
        match (&self.verdict, past.expects) {
            _ if self.wavering.is_some() => Judgement::Nondeterministic,
            (Verdict::AssumptionExceeded(_) | Verdict::Inconclusive(_), _) => Judgement::Undecided,
            (Verdict::Violation(violation), _) if violation.signature() != past.signature => {
                Judgement::FailsDifferently
            }
            // However it went there: what was fixed is broken.
            (Verdict::Violation(_), Expects::Pass) => Judgement::FailsAgain,
            _ if !faithful => Judgement::Diverged,
            (Verdict::Violation(_), Expects::Violation) => Judgement::StillFails,
            (Verdict::Pass, Expects::Violation) => Judgement::Fixed,
            (Verdict::Pass, Expects::Pass) => Judgement::Holds,
        }
    }

    /// How the tool ends.
    pub fn exit(&self) -> Exit {
        match (self.judgement(), &self.verdict) {
            (Judgement::Nondeterministic | Judgement::Diverged, _) => Exit::Nondeterministic,
            (_, Verdict::Pass) => Exit::Pass,
            (_, Verdict::Violation(_)) => Exit::Violation,
            (_, Verdict::Inconclusive(_)) => Exit::Inconclusive,
            (_, Verdict::AssumptionExceeded(_)) => Exit::NothingTested,
        }
    }
}

/// A report of one run for people. Its last line is the judgement.
pub fn replayed(replayed: &Replayed, style: Style) -> String {
    let mut block = Block::new(style);
    block.line("scenario", &replayed.scenario);
    block.line("protocol", &replayed.protocol);
    block.line("seed", &replayed.seed.to_string());
    block.line("run", &format!("{} in {}", counted(replayed.events, "event"), replayed.end));
    block.line("digest", &format!("{:016x}", replayed.digest));
    if let Verdict::Violation(violation) = &replayed.verdict {
        if violation.at > Instant::ZERO {
            block.line("seen at", &violation.at.to_string());
        }
        block.lines("story", &violation.story);
        block.lines("picture", &picture(&replayed.operations, style));
        block.lines("faults", &replayed.faults);
    }
    if let Some(past) = &replayed.recorded {
        compared(&mut block, past);
    }
    if let Some(split) = &replayed.wavering {
        where_they_part(&mut block, split);
    }
    let (tint, text) = sentence(replayed);
    format!("{}\n{}\n", block.done(), style.paint(tint, &text))
}

/// How many columns a picture has beside its label.
const COLUMNS: usize = 78;

/// The operations as bars, and what their letters stand for, one line each.
fn picture(operations: &[Bar], style: Style) -> Vec<String> {
    let Lanes { picture, legend } = lanes(operations, COLUMNS, style);
    picture.lines().chain(legend.lines()).map(|line| line.strip_prefix("  ").unwrap_or(line).to_owned()).collect()
}

fn compared(block: &mut Block, past: &Past) {
    if let Some(version) = &past.other_version {
        block.line("recorded by", &format!("version {version}, which is not this one"));
    }
    if let Some(left) = &past.left {
        let place = |checkpoint: &Checkpoint| format!("event {} (at {})", grouped(checkpoint.event), checkpoint.at);
        let after = left.after.as_ref().map_or("the beginning".to_owned(), place);
        let before = left.before.as_ref().map_or("the end".to_owned(), place);
        block.line("recorded", &format!("digest {:016x}; the runs part between {after} and {before}", past.digest));
        if let Some(event) = &left.event {
            block.line("there", event);
        }
    }
    faithfulness(block, &past.faithful);
}

/// How faithful it was, and what was not met again.
pub(crate) fn faithfulness(block: &mut Block, faithful: &Faithful) {
    block.line("faithful", &faithful.told());
    let (amiss, parted) = faithful.unmatched();
    block.lines("unmatched", amiss);
    block.lines("and then", parted);
}

/// The judgement, for people.
pub(crate) fn sentence(replayed: &Replayed) -> (Tint, String) {
    let verdict = &replayed.verdict;
    let Some(past) = &replayed.recorded else {
        return match (&replayed.wavering, verdict) {
            (Some(_), _) => (Tint::Bad, NONDETERMINISTIC.to_owned()),
            (None, Verdict::Pass) => (Tint::Good, "pass".to_owned()),
            (None, Verdict::Violation(_)) => (Tint::Bad, verdict.to_string()),
            (None, Verdict::AssumptionExceeded(_) | Verdict::Inconclusive(_)) => (Tint::Doubtful, verdict.to_string()),
        };
    };
    let recorded = &past.signature;
    let exactly = past.faithful == Faithful::Exactly;
    let way = if exactly { "exactly as recorded" } else { "in a run that went the same way" };
    match replayed.judgement() {
        Judgement::Alone => unreachable!("something was recorded"),
        Judgement::StillFails => (Tint::Bad, format!("still fails, {way}: {recorded}")),
        Judgement::Holds => (Tint::Good, format!("holds: passes, {way}; it was a violation of {recorded} once")),
        Judgement::Fixed => (Tint::Good, format!("fixed: passes now; recorded was a violation of {recorded}")),
        Judgement::FailsAgain => (Tint::Bad, format!("fails again: the violation of {recorded} that was fixed")),
        Judgement::FailsDifferently => {
            (Tint::Bad, format!("fails differently: {verdict}; recorded was one of {recorded}"))
        }
        Judgement::Diverged => {
            let place = past.left.as_ref().and_then(|left| left.after);
            let place = place.map_or(1, |same| same.event + 1);
            let what = match (verdict, past.expects) {
                (Verdict::Pass, Expects::Violation) => {
                    format!("it passes in another run; recorded was a violation of {recorded}")
                }
                _ => format!("{verdict}, as recorded, but in another run"),
            };
            (Tint::Bad, format!("diverged at event {} or later: {what}", grouped(place)))
        }
        Judgement::Undecided => (Tint::Doubtful, format!("{verdict}; recorded was a violation of {recorded}")),
        Judgement::Nondeterministic => (Tint::Bad, NONDETERMINISTIC.to_owned()),
    }
}

const NONDETERMINISTIC: &str = "nondeterministic: the same seed gave two different runs";
