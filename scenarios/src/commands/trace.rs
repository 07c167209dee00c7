//! `shaketable trace`: a run event by event, all of it or a part.

use std::io;

use shaketable_reports::export;
use shaketable_reports::page::page;
use shaketable_reports::recording::{Filter, LaneAt, Name, Place, Recording, Slice, Table};
use shaketable_reports::{Exit, Length, Side, Style, spacetime, told};
use shaketable_sim::id::Key;
use shaketable_sim::param::nearest;
use shaketable_sim::time::{Instant, Span};

use crate::cli::{self, Look, Shape};
use crate::record::{Recorded, recorded};
use crate::tables::Tables;
use crate::terminal::{columns, print, stderr_style, stdout_style, tell};
use crate::whole::write_whole;

/// Shows the run that `args` name.
///
/// # Errors
/// If it cannot be printed.
pub(super) fn trace(args: &cli::Trace, look: &Look, tables: &Tables) -> io::Result<Exit> {
    let color = stderr_style(look.color) == Style::Color;
    let found = recorded(&args.path, args.which, Side::Own, tables, color)
        .and_then(|run| filter(&run.recording, args).map(|filter| (run, filter)));
    let (run, filter) = match found {
        Ok(found) => found,
        Err(wrong) => {
            tell(&wrong);
            return Ok(Exit::Usage);
        }
    };
    // A file has no colours.
    let style = if args.out.is_some() { Style::Plain } else { stdout_style(look.color) };
    // A picture of everything cannot be read.
    let telling =
        if args.format.is_picture() && args.filter.is_everything() { run.recording.telling() } else { Vec::new() };
    let places = if telling.is_empty() { run.recording.select(&filter) } else { telling };
    let text = shown(&run, &places, args, style);
    match &args.out {
        None => print(&text)?,
        Some(path) => {
            if let Err(error) = write_whole(path, &text) {
                tell(&format!("error: cannot write {}: {error}\n", path.display()));
                return Ok(Exit::Usage);
            }
        }
    }
    Ok(Exit::Pass)
}

fn shown(run: &Recorded, places: &[Place], args: &cli::Trace, style: Style) -> String {
    let recording = &run.recording;
    let length = if args.full { Length::FULL } else { Length::BRIEF };
    match args.format {
        Shape::Page => page(&run.shown("this run"), None),
        Shape::Lanes => spacetime(recording, places, columns(args.width), style),
        Shape::Json => places.iter().map(|place| format!("{}\n", recording.line(recording.event(*place)))).collect(),
        Shape::Perfetto => format!("{}\n", export::perfetto(recording, places)),
        Shape::Shiviz => export::shiviz(recording, places),
        Shape::Mermaid => export::mermaid(recording, places),
        Shape::Dot => export::dot(recording, places),
        Shape::Csv => export::csv(recording, places),
        Shape::Text => places.iter().map(|place| line(recording, *place, length)).collect(),
    }
}

/// An event: when, which, and in words what happened and what came of it.
fn line(recording: &Recording, place: Place, length: Length) -> String {
    let event = recording.event(place);
    let mut words = told(&recording.line(event), length).into_iter();
    let happened = words.next().unwrap_or_default();
    let cause = event.cause.map(|cause| format!("  (of #{})", recording.event(cause).number)).unwrap_or_default();
    let mut text = format!("{:>14}  #{:<7} {happened}{cause}\n", event.at.to_string(), event.number);
    let changes = recording.changes_of(place);
    if !changes.is_empty() {
        let told: Vec<String> = changes.iter().map(|change| recording.told(change)).collect();
        text += &format!("{:>26}{}: {}\n", "", recording.lane(event.lane).name, told.join(", "));
    }
    words.for_each(|word| text += &format!("{:>26}{word}\n", ""));
    text
}

/// What is wanted, in the terms of the recording.
///
/// # Errors
/// What is not in it, for people.
fn filter(recording: &Recording, args: &cli::Trace) -> Result<Filter, String> {
    let wanted = &args.filter;
    if let (Some(from), Some(to)) = (wanted.from, wanted.to)
        && from > to
    {
        return Err(format!(
            "error: nothing is from {from} on and up to {to}\n   = help: `--from` must not be later than `--to`\n"
        ));
    }
    let lanes: Vec<&str> = recording.lanes.iter().map(|lane| lane.name.as_str()).collect();
    let lane = |name: &String| {
        let place = lanes.iter().position(|lane| lane == name);
        place.map(|place| LaneAt(place as u32)).ok_or_else(|| no("node or client", name, &lanes))
    };
    let operation = wanted.operation.as_ref().map(|id| {
        let known = recording.operations.iter().any(|operation| operation.id == *id);
        let ids = || recording.operations.iter().map(|operation| operation.id.as_str()).collect::<Vec<_>>();
        if known { Ok(id.clone()) } else { Err(no("operation", id, &ids())) }
    });
    let slice = wanted.cause.as_ref().map(|event| cause(recording, event)).map(|of| {
        let of = of?;
        let around = Slice::around(of);
        Ok::<_, String>(Slice { hops: wanted.hops.unwrap_or(around.hops), ..around })
    });
    let key = |word: &String| word.parse::<Key>().ok().filter(|_| recording.labels.find(word).is_none());
    let keys = wanted.labels.iter().filter_map(key).map(|key| key.to_string()).collect();
    let labels: Vec<String> = wanted.labels.iter().filter(|word| key(word).is_none()).cloned().collect();
    let instant = |span: Option<Span>| span.map(|span| Instant::ZERO + span);
    Ok(Filter {
        lanes: wanted.lanes.iter().map(lane).collect::<Result<_, _>>()?,
        kinds: names(&recording.kinds, "kind of event", &wanted.kinds)?,
        labels: names(&recording.labels, "name", &labels)?,
        keys,
        from: instant(wanted.from),
        to: instant(wanted.to),
        operation: operation.transpose()?,
        slice: slice.transpose()?,
        routine: wanted.routine,
    })
}

fn names(table: &Table, what: &str, wanted: &[String]) -> Result<Vec<Name>, String> {
    let words: Vec<&str> = table.words().iter().map(String::as_str).collect();
    wanted.iter().map(|word| table.find(word).ok_or_else(|| no(what, word, &words))).collect()
}

/// The event of a number, or the one that shows the violation.
fn cause(recording: &Recording, event: &str) -> Result<Place, String> {
    if event == "violation" {
        let shown = recording.violation().and_then(|violation| violation.event);
        return shown.ok_or_else(|| "error: nothing is violated in this run: name an event by its number\n".to_owned());
    }
    let number: Option<u64> = event.trim_start_matches('#').parse().ok();
    let place = number.and_then(|number| recording.events.iter().position(|event| event.number == number));
    place.map(|place| Place(place as u32)).ok_or_else(|| {
        let last = recording.events.last().map_or(0, |event| event.number);
        format!("error: there is no event `{event}` in this run\n   = help: events have numbers up to {last}; not all are recorded\n")
    })
}

/// That there is no such thing, and what there is.
fn no(what: &str, given: &str, allowed: &[&str]) -> String {
    let help = match nearest(given, allowed.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", allowed.iter().take(40).copied().collect::<Vec<_>>().join(", ")),
    };
    format!("error: there is no {what} `{given}` in this run\n   = help: {help}\n")
}
