//! The report of what is to blame for a failure: its probability over the run, and the events at which it turned.

use serde_json::{Value, json};
use shaketable_sim::time::Instant;

use crate::block::Block;
use crate::plot::plot;
use crate::summary::Exit;
use crate::text::{Style, Tint, counted, grouped};

/// How many other turns are told.
const TURNS_MAX: usize = 4;

/// How many faults that were in force are told, the latest of them.
const FAULTS_MAX: usize = 5;

/// Half, in thousandths.
const HALF: u64 = 500;

/// How many futures of a run fail that go on from one of its events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Point {
    /// After so many events.
    pub event: u64,
    /// When the last of them happened.
    pub at: Instant,
    /// So many futures fail by the same signature.
    pub failing: u64,
    /// So many were not decided within their budget.
    pub undecided: u64,
    /// Of so many; at least one.
    pub of: u64,
}

impl Point {
    /// Whether at least half of the futures fail.
    pub fn is_likely(&self) -> bool {
        2 * self.failing >= self.of
    }

    /// Whether all of them do.
    pub fn is_certain(&self) -> bool {
        self.failing == self.of
    }

    /// Between which two the probability lies, in thousandths, with a confidence of 95 % (Wilson, "Probable Inference, the Law of Succession, and Statistical
    /// Inference", 1927).
    ///
    /// ```
    /// use shaketable_reports::Point;
    /// use shaketable_sim::time::Instant;
    /// let point = Point { event: 7, at: Instant::ZERO, failing: 50, undecided: 0, of: 100 };
    /// assert_eq!(point.interval(), (403, 597));
    /// ```
    pub fn interval(&self) -> (u64, u64) {
        const ONE: u128 = 1_000_000;
        const Z_SQUARE: u128 = 3_841_459; // The square of the 97.5th percentile of the normal distribution, in millionths.
        let (failing, of) = (u128::from(self.failing), u128::from(self.of));
        let spread = Z_SQUARE * (Z_SQUARE + 4 * failing * (of - failing) * ONE / of);
        let (center, radius) = (2 * failing * ONE + Z_SQUARE, spread.isqrt());
        let whole = 2 * (of * ONE + Z_SQUARE);
        let low = if self.failing == 0 { 0 } else { (center - radius) * 1_000 / whole };
        let high = if self.is_certain() { 1_000 } else { ((center + radius) * 1_000).div_ceil(whole) };
        (low as u64, high as u64)
    }

    fn percent(&self) -> u64 {
        self.failing * 100 / self.of
    }

    /// `31% (23–41%)`.
    fn told(&self) -> String {
        let (low, high) = self.interval();
        format!("{}% ({}–{}%)", self.percent(), low / 10, high.div_ceil(10))
    }
}

/// From one event to a later one the probability turns. If one follows the other at once, the later one is what did it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Turn {
    /// Before.
    pub before: Point,
    /// After.
    pub after: Point,
}

/// When something came to hold that then held to the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Onset {
    /// It held before anything had happened.
    Beginning,
    /// Somewhere here.
    At(Turn),
    /// Not before the failure itself.
    Never,
}

/// An event as its trace tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// Its line of the trace; none if it did nothing that a trace would tell.
    pub line: Option<Value>,
    /// The same in words.
    pub words: Vec<String>,
    /// The faults in force then.
    pub faults: Vec<String>,
}

/// What is to blame for a failure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blamed {
    /// The file.
    pub case: String,
    /// What ran.
    pub protocol: String,
    /// With which seed.
    pub seed: u64,
    /// How it fails.
    pub signature: String,
    /// When that was seen.
    pub seen_at: Instant,
    /// Until when its futures were followed.
    pub until: Instant,
    /// The probability, in the order of events; empty if nothing could be measured.
    pub points: Vec<Point>,
    /// When the failure became likely.
    pub likely: Onset,
    /// When it became certain.
    pub certain: Onset,
    /// The single events that changed its probability by more than chance explains, the greatest change first.
    pub turns: Vec<Turn>,
    /// Tells what happened at an event.
    pub told: Vec<(u64, Told)>,
    /// Whether time ran out before all was looked at.
    pub spent: bool,
    /// Whether somebody wanted it to stop.
    pub interrupted: bool,
}

/// With fewer events than these, and time that ran out, nobody can say where a probability turned.
const FEW: usize = 8;

impl Blamed {
    /// What a program exits with. If nothing was measured, nothing follows, whatever the reason.
    pub fn exit(&self) -> Exit {
        match (self.interrupted, self.spent) {
            _ if self.points.is_empty() => Exit::Inconclusive,
            (true, _) => Exit::Interrupted,
            (false, true) => Exit::Stopped,
            (false, false) => Exit::Pass,
        }
    }

    /// Why there is no point at all.
    fn why_nothing(&self) -> &'static str {
        if self.interrupted {
            "it was interrupted before the futures of any event were followed"
        } else {
            "time ran out before the futures of any event were followed; give it more with `--for`"
        }
    }

    /// Whether it was over so soon that nothing follows for what lies between the events that were looked at.
    fn knows_too_little(&self) -> bool {
        (self.spent || self.interrupted) && self.points.len() < FEW
    }

    fn futures(&self) -> u64 {
        self.points.iter().map(|point| point.of).sum()
    }

    fn told_of(&self, event: u64) -> Option<&Told> {
        self.told.iter().find(|(told, _)| *told == event).map(|(_, told)| told)
    }

    /// Beyond doubt the failure became likely between these two: before, its probability was below one half, and from the later one on above.
    fn surely_likely(&self) -> (Option<&Point>, Option<&Point>) {
        let before = self.points.iter().rposition(|point| point.interval().1 < HALF);
        let after = self.points.iter().rposition(|point| point.interval().0 <= HALF).map_or(0, |place| place + 1);
        (before.map(|place| &self.points[place]), self.points.get(after))
    }
}

/// For people.
pub fn blamed(blamed: &Blamed, style: Style) -> String {
    let mut block = Block::new(style);
    block.title(Tint::Bad, "blame", &blamed.signature);
    block.line("case", &blamed.case);
    block.line("protocol", &format!("{}, seed {}", blamed.protocol, blamed.seed));
    block.line("seen at", &blamed.seen_at.to_string());
    if blamed.points.is_empty() {
        block.line("measured", &format!("nothing: {}", blamed.why_nothing()));
        return block.done();
    }
    let (points, futures) = (blamed.points.len() as u64, blamed.futures());
    block.line(
        "futures",
        &format!("{} from {}, each until {}", grouped(futures), counted(points, "event"), blamed.until),
    );
    let mut text = block.done();
    text += "\n";
    text += &plot(blamed);
    text += "\n";
    let mut block = Block::new(style);
    likely(&mut block, blamed);
    certain(&mut block, blamed);
    let named = [blamed.likely, blamed.certain];
    let others = blamed.turns.iter().filter(|turn| !named.contains(&Onset::At(**turn)));
    others.take(TURNS_MAX).for_each(|turn| turned(&mut block, "turned", turn, blamed));
    if blamed.spent {
        block.line("note", "time ran out before all was looked at: give it more with `--for`");
    }
    text + &block.done()
}

fn likely(block: &mut Block, blamed: &Blamed) {
    match &blamed.likely {
        Onset::Beginning => block.line("likely", &from_the_beginning(blamed)),
        Onset::Never => block.line("likely", not_before(blamed)),
        Onset::At(turn) => {
            turned(block, "likely", turn, blamed);
            let (before, after) = blamed.surely_likely();
            if (before, after) == (Some(&turn.before), Some(&turn.after)) {
                block.line("", "sure: below one half before and above it after, with a confidence of 95%");
            } else {
                let place = |point: &Point| format!("event {} (at {})", grouped(point.event), point.at);
                let from = before.map_or("the beginning".to_owned(), place);
                let to = after.map_or("the end".to_owned(), place);
                block.line("", &format!("with a confidence of 95%: between {from} and {to}"));
            }
        }
    }
}

/// Of a few events nothing follows for all that lie between them.
fn not_before(blamed: &Blamed) -> &'static str {
    match blamed.knows_too_little() {
        true => {
            "not known: too few events were looked at; give it more with `--for`, or fewer futures with `--samples`"
        }
        false => "not before it happened",
    }
}

fn certain(block: &mut Block, blamed: &Blamed) {
    match &blamed.certain {
        Onset::Beginning => block.line("certain", &from_the_beginning(blamed)),
        Onset::Never => block.line("certain", not_before(blamed)),
        Onset::At(turn) => {
            if blamed.likely == blamed.certain {
                block.line("certain", "by the same event");
            } else {
                turned(block, "certain", turn, blamed);
            }
            let escaped = counted(turn.before.of - turn.before.failing, "future");
            let least = turn.after.interval().0 / 10;
            block.line("", &format!("before, {escaped} escaped; after, none of {}: {least}% at least", turn.after.of));
        }
    }
}

fn from_the_beginning(blamed: &Blamed) -> String {
    let first = blamed.points.first().map_or(String::new(), Point::told);
    format!("from the beginning, {first}: the plan is to blame, and no event")
}

/// Tells a turn, with what happened there.
fn turned(block: &mut Block, label: &str, turn: &Turn, blamed: &Blamed) {
    let Turn { before, after } = turn;
    let events = after.event - before.event;
    let place = match events {
        1 => format!("at {}, event {}", after.at, grouped(after.event)),
        _ => format!("by {}, event {}, or one of the {} before", after.at, grouped(after.event), grouped(events - 1)),
    };
    block.line(label, &format!("{place}: {} → {}", before.told(), after.told()));
    // Of several events nobody knows which one did it.
    let Some(told) = blamed.told_of(after.event).filter(|_| events == 1) else { return };
    block.lines_below(&told.words);
    let more = told.faults.len().saturating_sub(FAULTS_MAX);
    if more > 0 {
        block.line("", &format!("fault: {} earlier ones, and", grouped(more as u64)));
    }
    block.lines_below(&told.faults.iter().skip(more).map(|fault| format!("fault: {fault}")).collect::<Vec<_>>());
}

/// For programs. Times are in nanoseconds; `likely` and `certain` are null if nothing was measured; `low` and `high` bound the probability with a confidence of 95 %, in thousandths.
pub fn blamed_json(blamed: &Blamed) -> Value {
    let point = |point: &Point| {
        let (low, high) = point.interval();
        json!({
            "event": point.event,
            "at": point.at.as_nanos(),
            "failing": point.failing,
            "undecided": point.undecided,
            "of": point.of,
            "low": low,
            "high": high,
        })
    };
    let turn = |turn: &Turn| {
        let told = blamed.told_of(turn.after.event);
        json!({
            "before": point(&turn.before),
            "after": point(&turn.after),
            "event": told.and_then(|told| told.line.clone()),
            "words": told.map(|told| &told.words),
            "faults": told.map(|told| &told.faults),
        })
    };
    let onset = |onset: &Onset| match onset {
        _ if blamed.points.is_empty() => Value::Null,
        Onset::Never if blamed.knows_too_little() => Value::Null,
        Onset::Beginning => json!("beginning"),
        Onset::Never => json!("never"),
        Onset::At(at) => turn(at),
    };
    json!({
        "v": 1,
        "case": blamed.case,
        "protocol": blamed.protocol,
        "seed": blamed.seed,
        "signature": blamed.signature,
        "seen-at": blamed.seen_at.as_nanos(),
        "until": blamed.until.as_nanos(),
        "points": blamed.points.iter().map(point).collect::<Vec<_>>(),
        "likely": onset(&blamed.likely),
        "certain": onset(&blamed.certain),
        "turns": blamed.turns.iter().map(turn).collect::<Vec<_>>(),
        "spent": blamed.spent,
        "interrupted": blamed.interrupted,
    })
}

#[cfg(test)]
mod tests;
