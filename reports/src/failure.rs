//! What went wrong, a block each: a title, what is known of it, and last the line that reproduces it.

use shaketable_sim::time::Instant;

use crate::block::{Block, where_they_part};
use crate::human::tint;
use crate::summary::{Found, Notice, Outcome, Side, Tested, Wavering};
use crate::text::{Style, Tint, counted, grouped};

/// All that is to be told of one scenario. Of one that is as expected nothing is told, unless it ran `alone`.
pub(crate) fn blocks(scenario: &Tested, alone: bool, style: Style) -> Vec<Block> {
    let mut blocks = Vec::new();
    if let Some(notice) = &scenario.exceeded {
        blocks.push(doubt(scenario, "more faults than the protocol bears", notice, style));
    }
    if let Some(notice) = &scenario.inconclusive {
        blocks.push(doubt(scenario, "inconclusive", notice, style));
    }
    if scenario.is_told(alone) {
        let mut violations: Vec<_> =
            scenario.violations.iter().map(|found| (Meaning::of(scenario, found), found)).collect();
        violations.sort_by_key(|(meaning, _)| *meaning);
        blocks.extend(violations.into_iter().map(|(meaning, found)| violation(scenario, meaning, found, style)));
    }
    blocks.extend(verdict(scenario, style));
    blocks.extend(scenario.wavering.as_ref().map(|wavering| nondeterminism(scenario, wavering, style)));
    blocks
}

/// What a violation means where it was met, the gravest last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meaning {
    /// The scenario expects another one.
    AlsoMet,
    /// The scenario expects it.
    Caught,
    /// The scenario expects none.
    Violated,
    /// The protocol without its planted bug met it.
    RightViolates,
}

impl Meaning {
    pub(crate) fn of(scenario: &Tested, found: &Found) -> Meaning {
        match (found.side, &scenario.sought) {
            (Side::Right, _) => Meaning::RightViolates,
            (Side::Own, None) => Meaning::Violated,
            (Side::Own, Some(sought)) if sought.matches(&found.signature) => Meaning::Caught,
            (Side::Own, Some(_)) => Meaning::AlsoMet,
        }
    }

    /// Whether nobody expects it.
    pub(crate) fn is_bad(self) -> bool {
        self >= Meaning::Violated
    }

    fn title(self) -> (Tint, &'static str) {
        match self {
            Meaning::AlsoMet => (Tint::Doubtful, "also met"),
            Meaning::Caught => (Tint::Good, "caught"),
            Meaning::Violated => (Tint::Bad, "violated"),
            Meaning::RightViolates => (Tint::Bad, "the right protocol violates"),
        }
    }
}

fn violation(scenario: &Tested, meaning: Meaning, found: &Found, style: Style) -> Block {
    let (tint, title) = meaning.title();
    let example = &found.example;
    let mut block = Block::new(style);
    block.title(tint, title, &found.signature);
    block.line("scenario", &scenario.name);
    let seed = example.seed;
    block.line(
        "seed",
        &match found.seeds {
            1 => format!("{seed}, in {}", counted(example.events, "event")),
            more => format!("{seed}, in {}: the fewest of {} seeds", counted(example.events, "event"), grouped(more)),
        },
    );
    if example.at > Instant::ZERO {
        block.line("seen at", &example.at.to_string());
    }
    block.lines("story", &example.story);
    block.lines("faults", &example.faults);
    block.reproduce(&example.reproduce);
    example.page.iter().for_each(|page| block.page(page));
    block
}

/// What the outcome itself has to say, if no run shows it.
fn verdict(scenario: &Tested, style: Style) -> Option<Block> {
    let mut block = Block::new(style);
    let color = tint(scenario.outcome);
    match (scenario.outcome, &scenario.sought) {
        (Outcome::GotAway, Some(sought)) => {
            block.title(color, "got away", &sought.signature);
            block.line("scenario", &scenario.name);
            block.line("seeds", &format!("none of {} met it", grouped(scenario.seeds.ran)));
        }
        (Outcome::Inconclusive, Some(sought)) => {
            block.title(color, "not met yet", &sought.signature);
            block.line("scenario", &scenario.name);
            let seeds = counted(scenario.seeds.ran, "seed");
            block.line("seeds", &format!("{seeds} ran; the scenario allows {}", grouped(sought.within)));
        }
        (Outcome::NothingTested, _) => {
            block.title(color, "nothing was tested", "");
            block.line("scenario", &scenario.name);
            for unmet in &scenario.unmet {
                block.line("reach", &format!("{} {} of {}", unmet.name, grouped(unmet.got), grouped(unmet.wanted)));
            }
            if scenario.unmet.is_empty() {
                block.line("because", "no operation completed in any run that counts");
            }
        }
        _ => return None,
    }
    Some(block)
}

fn doubt(scenario: &Tested, title: &str, notice: &Notice, style: Style) -> Block {
    let mut block = Block::new(style);
    block.title(Tint::Doubtful, title, "");
    block.line("scenario", &scenario.name);
    let others =
        if notice.seeds == 1 { String::new() } else { format!(", first of {}", counted(notice.seeds, "seed")) };
    block.line("seed", &format!("{}{others}", notice.first));
    block.line("because", &notice.why);
    block
}

fn nondeterminism(scenario: &Tested, wavering: &Wavering, style: Style) -> Block {
    let mut block = Block::new(style);
    block.title(Tint::Bad, "nondeterministic", "the same seed gave two different runs");
    block.line("scenario", &scenario.name);
    let others =
        if wavering.seeds == 1 { String::new() } else { format!(", first of {}", counted(wavering.seeds, "seed")) };
    block.line("seed", &format!("{}{others}", wavering.first));
    where_they_part(&mut block, &wavering.split);
    block.reproduce(&wavering.reproduce);
    block
}
