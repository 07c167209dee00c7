//! Sequence diagrams, as Mermaid draws them.
//!
//! The grammar: <https://mermaid.js.org/syntax/sequenceDiagram.html>.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::view::{View, short};
use crate::recording::{Event, LaneAt, Place, Recording};

/// How many characters of a text are shown.
const TEXT_MAX: usize = 90;

/// A sequence diagram for Mermaid: who of the wanted events takes part, in the order of lanes; messages as arrows, when they come; what else happens, and what a node has
/// become, as notes. An arrow with a cross is a message that did not come: dropped, lost, or (dashed) held. The event that made a violation
/// plain has a red ground.
///
/// Long texts are cut, and each stands on a line of its own. Best for few events: a [slice](crate::recording::Slice).
pub fn mermaid(recording: &Recording, places: &[Place]) -> String {
    let view = View::new(recording, places);
    let mut diagram = Diagram { lanes: lanes(&view), view: &view, text: "sequenceDiagram\n".to_owned() };
    for lane in diagram.lanes.clone() {
        let (id, shown) = (diagram.id(lane), view.lane_name(lane));
        diagram.line(&if id == shown {
            format!("participant {id}")
        } else {
            format!("participant {id} as {}", escaped(shown))
        });
    }
    for (place, event) in view.events() {
        let violation = view.violation(place);
        if violation.is_some() {
            diagram.line("rect rgb(255, 205, 205)");
        }
        diagram.event(place, event);
        if let Some(violation) = violation {
            let story = violation.story.first().map(|told| format!(": {told}")).unwrap_or_default();
            let all = diagram.lanes.clone();
            diagram.note(&all, &[&format!("VIOLATION {}{story}", violation.signature)]);
            diagram.line("end");
        }
    }
    diagram.text
}

/// Who takes part.
fn lanes(view: &View<'_>) -> Vec<LaneAt> {
    let mut lanes = BTreeSet::new();
    for (place, event) in view.events() {
        lanes.insert(event.lane);
        lanes.extend(view.sender(place));
        lanes.extend(view.lost(place).iter().map(|lost| lost.to));
    }
    lanes.into_iter().collect()
}

/// A diagram in the making.
struct Diagram<'v, 'r> {
    view: &'v View<'r>,
    lanes: Vec<LaneAt>,
    text: String,
}

impl Diagram<'_, '_> {
    fn line(&mut self, line: &str) {
        writeln!(self.text, "    {line}").expect("a string takes any text");
    }

    /// What a lane is called in the diagram: by its name, unless that could mean something else.
    fn id(&self, lane: LaneAt) -> String {
        let name = &self.view.recording.lane(lane).name;
        let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric()) && name != "end";
        if plain && !name.is_empty() && !name.starts_with("lane") { name.clone() } else { format!("lane{}", lane.0) }
    }

    fn arrow(&mut self, from: LaneAt, arrow: &str, to: LaneAt, text: &str) {
        let line = format!("{}{arrow}{}: {}", self.id(from), self.id(to), escaped(text));
        self.line(&line);
    }

    /// A note over the first to the last of these lanes.
    fn note(&mut self, over: &[LaneAt], lines: &[&str]) {
        let mut ends: Vec<LaneAt> = over.first().into_iter().chain(over.last()).copied().collect();
        ends.dedup();
        let over = ends.into_iter().map(|lane| self.id(lane)).collect::<Vec<_>>().join(",");
        let text = lines.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("<br/>");
        self.line(&format!("Note over {over}: {text}"));
    }

    fn event(&mut self, place: Place, event: &Event) {
        let (view, lane) = (self.view, event.lane);
        let at = event.at;
        let became = view.became(place);
        let arrow = match view.kind(event) {
            "dropped" => "-x",
            "held" => "--x",
            _ => "->>",
        };
        if let Some(sender) = view.sender(place) {
            let text = format!("{at} {}{}", short(&view.message(event), TEXT_MAX), view.how(event));
            self.arrow(sender, arrow, lane, &text);
            let asks = view.answers(event).then(|| view.asks(event));
            let lines: Vec<&str> = asks.iter().chain(&became).map(String::as_str).collect();
            if !lines.is_empty() {
                self.note(&[lane], &lines);
            }
        } else {
            let happened = format!("{at} {}", view.alone(event));
            let lines: Vec<&str> = [&happened].into_iter().chain(&became).map(String::as_str).collect();
            self.note(&[lane], &lines);
        }
        for lost in view.lost(place) {
            let label = view.recording.labels.word(lost.label);
            self.arrow(lane, "-x", lost.to, &format!("{at} {label} lost"));
        }
    }
}

/// A text in which nothing means anything to Mermaid, and not too much of it.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in short(text, TEXT_MAX + 40).chars() {
        match letter {
            '#' | ';' | '<' | '>' | '&' | '%' | '$' | '\\' | '`' => {
                write!(escaped, "#{};", u32::from(letter)).expect("a string takes any text");
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}
