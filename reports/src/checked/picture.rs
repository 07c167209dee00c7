//! Operations that contradict each other, drawn.

use super::{Act, Contradiction, Exclusion, Origin, on, paragraph, short};
use crate::lanes::{Bar, Lanes, Part, lanes};
use crate::text::{Style, Tint, counted};

/// How many operations are named in a sentence.
const MOST_NAMED: usize = 6;

/// The picture, and below it what it says.
pub(super) fn contradiction(found: &Contradiction, width: usize, style: Style) -> String {
    let culprit = &found.culprit;
    let story = found.story.iter().map(|act| bar(act, Part::Story));
    let context = found.context.iter().map(|act| bar(act, Part::Context));
    let bars: Vec<Bar> = story.chain(context).chain([bar(culprit, Part::Culprit)]).collect();
    let (mut text, lettered) = drawn(bars, width, style);
    let place = format!("by process {}{} ({})", culprit.process, on(&found.key), culprit.lines());
    text += &paragraph(&format!("{} {place} {}", culprit.shown(), instead(found)), width);
    let story: Vec<String> = found.story.iter().map(|act| format!("{} ({})", act.shown(), act.lines())).collect();
    let others = match (found.late, found.of_values) {
        (_, true) => "whatever became of other values",
        (true, false) => "whatever came before and whatever became of all others",
        (false, false) => "whatever became of all others",
    };
    let excluded = match story.len() {
        0 => format!("that is so {others}"),
        1..=MOST_NAMED if !lettered => format!("excluded by {}, {others}", story.join(", ")),
        count => format!("excluded by the {} drawn in full, {others}", counted(count as u64, "other")),
    };
    text += &paragraph(&excluded, width);
    if let Some(origin) = &found.origin {
        text += &paragraph(&origin.said(&found.key), width);
    }
    text
}

impl Origin {
    fn said(&self, key: &Option<String>) -> String {
        match self {
            Origin::Nobody { value } => format!("nobody ever asked for {}{}", short(value), on(key)),
            Origin::Later { value, line } => format!("{} was asked for only later, in line {line}", short(value)),
            Origin::Failed { value, line } => format!("{} was asked for in line {line}, and that failed", short(value)),
        }
    }
}

/// The picture, and below it what is wrong with it.
pub(super) fn exclusion(found: &Exclusion, width: usize, style: Style) -> String {
    let story = found.story.iter().map(|act| bar(act, Part::Story));
    let bars: Vec<Bar> = story.chain(found.culprit.iter().map(|act| bar(act, Part::Culprit))).collect();
    let (mut text, _) = drawn(bars, width, style);
    text += &paragraph(&found.said(), width);
    text
}

/// The picture, and whether it has letters for operations.
fn drawn(mut bars: Vec<Bar>, width: usize, style: Style) -> (String, bool) {
    bars.sort_by_key(|bar| bar.from);
    let Lanes { picture, legend } = lanes(&bars, width, style);
    let mut text = format!("  {}\n{picture}\n", style.paint(Tint::Faint, "process"));
    let lettered = !legend.is_empty();
    if lettered {
        text += &legend;
        text.push('\n');
    }
    (text, lettered)
}

fn bar(act: &Act, part: Part) -> Bar {
    Bar {
        lane: act.process.clone(),
        label: act.shown(),
        note: format!("by {}, {}", act.process, act.lines()),
        from: act.from.order,
        to: act.to.map(|to| to.order),
        part,
    }
}

/// What else the culprit could have been answered.
fn instead(found: &Contradiction) -> String {
    let answers: Vec<String> = found.instead.iter().map(|answer| short(answer)).collect();
    let Some((last, others)) = answers.split_last() else {
        return "cannot be placed".to_owned();
    };
    let list = if others.is_empty() { last.clone() } else { format!("{} or {last}", others.join(", ")) };
    let verb = if others.is_empty() { "was" } else { "were" };
    match found.no_other {
        true => format!("cannot be placed: only {list} {verb} possible"),
        false => format!("cannot be placed: {list} {verb} possible, among others"),
    }
}
