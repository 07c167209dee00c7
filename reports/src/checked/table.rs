//! Levels, one below the other, each with a few words; and anomalies.

use super::{Act, Anomaly, Clash, Exclusion, Finding, Findings, Judged, Violation, indented, paragraph};
use crate::text::{Style, Tint};

impl Exclusion {
    /// What is wrong, with what the literature calls it.
    pub(super) fn said(&self) -> String {
        match self.pattern {
            Some(pattern) => format!("{} ({pattern})", self.gist),
            None => self.gist.to_owned(),
        }
    }
}

/// A line for each level, with what speaks against those that do not hold; nothing if the same is known of all. What is drawn, or told of the level above, is not told again.
pub(super) fn levels(findings: &Findings, width: usize, style: Style) -> String {
    let Findings { levels, asked, .. } = findings;
    if levels.windows(2).all(|pair| sign(&pair[0].verdict) == sign(&pair[1].verdict)) {
        return match levels.as_slice() {
            [Finding { verdict: Judged::Violated(_), .. }, .., last] => {
                let (sign, tint) = sign(&last.verdict);
                format!("  {} nor any other level, down to {}\n", style.paint(tint, sign), last.level)
            }
            _ => String::new(),
        };
    }
    let widest = levels.iter().map(|finding| finding.level.len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut told: Vec<&Act> = Vec::new();
    let mut reason = "";
    for Finding { level, verdict } in levels {
        let said = match verdict {
            Judged::Violated(Violation::Exclusion(found)) => found.said(),
            Judged::Violated(Violation::Anomaly(name)) => (*name).to_owned(),
            Judged::Undecided { why, .. } if level != asked && std::mem::replace(&mut reason, why) != why => {
                why.clone()
            }
            _ => String::new(),
        };
        let (sign, tint) = sign(verdict);
        let said = crate::text::wrapped(said.split(' ').map(str::to_owned), widest + 6, width);
        let line = format!("  {} {level:widest$}  {said}", style.paint(tint, sign));
        text += &format!("{}\n", line.trim_end());
        let Judged::Violated(Violation::Exclusion(found)) = verdict else { continue };
        let story = all(found);
        if level != asked && told != story {
            story.iter().for_each(|act| text += &indented(8, &told_of(act), width));
        }
        for clash in &found.clashes {
            text += &indented(8, &clash.said(), width);
            if clash.story.iter().collect::<Vec<_>>() != story {
                clash.story.iter().for_each(|act| text += &indented(10, &told_of(act), width));
            }
        }
        told = story;
    }
    text
}

fn sign(verdict: &Judged) -> (&'static str, Tint) {
    match verdict {
        Judged::Holds { .. } => ("✓", Tint::Good),
        Judged::Violated(_) => ("✗", Tint::Bad),
        Judged::Undecided { .. } => ("?", Tint::Doubtful),
    }
}

/// All operations of an exclusion, in the order in which they were asked for.
fn all(found: &Exclusion) -> Vec<&Act> {
    let mut all: Vec<&Act> = found.story.iter().chain(&found.culprit).collect();
    all.sort_by_key(|act| act.from.order);
    all
}

fn told_of(act: &Act) -> String {
    format!("{}: {} ({})", act.process, act.shown(), act.lines())
}

impl Clash {
    fn said(&self) -> String {
        format!("{} cannot hold together", self.guarantees.join(" and "))
    }
}

/// Each anomaly with its evidence and its transactions.
pub(super) fn anomalies(anomalies: &[Anomaly], width: usize) -> String {
    let mut text = String::new();
    for (place, Anomaly { name, gist, source, evidence, transactions }) in anomalies.iter().enumerate() {
        if place > 0 {
            text.push('\n');
        }
        let head = if name == gist { (*name).to_owned() } else { format!("{name}, {gist}") };
        text += &paragraph(&format!("{head} ({source})"), width);
        evidence.iter().for_each(|line| text += &indented(4, line, width));
        transactions.iter().for_each(|(name, act)| text += &indented(4, &format!("{name}, {}", told_of(act)), width));
    }
    text
}
