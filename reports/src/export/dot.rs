//! Graphs of what led to what, as Graphviz draws them.
//!
//! The language: <https://graphviz.org/doc/info/lang.html>.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::view::{View, short};
use crate::recording::{Event, LaneAt, LaneKind, Place, Recording};

/// How many characters of a text are shown on a line.
const TEXT_MAX: usize = 48;

/// A graph for Graphviz: the wanted events as nodes, in a column for each lane. Blue edges are messages, grey ones what else led to an event; a dashed
/// edge leaves events out that are not wanted. What a lane did one after the other hangs together by dotted lines. Messages that were lost, dropped or held
/// end in red, faults are orange octagons, and the event that made a violation plain is red.
///
/// Long texts are cut. Best for few events: a [slice](crate::recording::Slice).
pub fn dot(recording: &Recording, places: &[Place]) -> String {
    let view = View::new(recording, places);
    let mut graph = Graph { view: &view, text: String::new(), edges: BTreeSet::new() };
    let about = &recording.about;
    graph.line(0, "digraph run {");
    graph.line(
        1,
        &format!(
            "graph [label={}, labelloc=t, fontname=\"Helvetica\", rankdir=TB, newrank=true]",
            quoted(&[&format!("{}, seed {}", about.protocol, about.seed)])
        ),
    );
    graph.line(1, "node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\", fontsize=10]");
    graph.line(1, "edge [fontname=\"Helvetica\", fontsize=9, color=gray40]");
    graph.lanes();
    for (place, event) in view.events() {
        graph.led(place, event);
        graph.losses(place);
        if let Some(violation) = view.violation(place) {
            let told = violation.story.first().map(String::as_str).unwrap_or_default();
            let label = quoted(&[&format!("VIOLATION {}", violation.signature), told]);
            graph.line(1, &format!("violation [label={label}, shape=note, style=filled, fillcolor=\"#ffcdcd\"]"));
            graph.edge("violation", &id(event), "color=red, arrowhead=none");
        }
    }
    graph.orders();
    graph.line(0, "}");
    graph.text
}

/// A graph in the making.
struct Graph<'v, 'r> {
    view: &'v View<'r>,
    text: String,
    /// What hangs together, by names.
    edges: BTreeSet<(String, String)>,
}

impl Graph<'_, '_> {
    fn line(&mut self, depth: usize, line: &str) {
        writeln!(self.text, "{:1$}{line}", "", 2 * depth).expect("a string takes any text");
    }

    fn edge(&mut self, from: &str, to: &str, how: &str) {
        self.line(1, &format!("{from} -> {to} [{how}]"));
        self.edges.insert((from.to_owned(), to.to_owned()));
    }

    /// All events, each in the cluster of its lane.
    fn lanes(&mut self) {
        let view = self.view;
        let mut nodes: BTreeMap<LaneAt, Vec<String>> = BTreeMap::new();
        for (place, event) in view.events() {
            nodes.entry(event.lane).or_default().push(format!("{} [{}]", id(event), looks(view, place, event)));
            for (number, lost) in view.lost(place).iter().enumerate() {
                let point = format!("{} [shape=point, color=red]", lost_id(event, number));
                nodes.entry(lost.to).or_default().push(point);
            }
        }
        let heads: Vec<String> = nodes.keys().map(|lane| format!("lane{}", lane.0)).collect();
        for (lane, nodes) in nodes {
            let name = view.lane_name(lane);
            self.line(1, &format!("subgraph cluster_{} {{", lane.0));
            self.line(2, "graph [label=\"\", color=gray80]");
            self.line(
                2,
                &format!("lane{} [label={}, shape=plaintext, style=\"\", fontsize=14]", lane.0, quoted(&[name])),
            );
            nodes.iter().for_each(|node| self.line(2, node));
            self.line(1, "}");
        }
        self.line(1, &format!("{{ rank=same; {} }}", heads.join("; ")));
    }

    /// What led to an event.
    fn led(&mut self, place: Place, event: &Event) {
        let (view, here) = (self.view, id(event));
        let Some((from, far)) = view.led(place) else { return };
        let mut label = if far { "…".to_owned() } else { String::new() };
        let mut how = if far { "style=dashed".to_owned() } else { "color=gray40".to_owned() };
        if !far && view.sender(place).is_some() {
            label = view.message_name(event) + view.how(event);
            how = if view.recording.passes(event) { "color=red, arrowhead=tee" } else { "color=blue" }.to_owned();
        }
        if !label.is_empty() {
            how += &format!(", label={}", quoted(&[&label]));
        }
        let from = view.recording.event(from);
        self.edge(&id(from), &here, &how);
        // What was held is here because somebody sent it, and now because something released it.
        let released = event.cause.filter(|cause| event.held && view.wants(*cause));
        if let Some(cause) =
            released.map(|cause| view.recording.event(cause)).filter(|cause| cause.number != from.number)
        {
            self.edge(&id(cause), &here, "style=dashed, label=\"released\"");
        }
    }

    fn losses(&mut self, place: Place) {
        let (view, event) = (self.view, self.view.recording.event(place));
        for (number, lost) in view.lost(place).iter().enumerate() {
            let label = quoted(&[&format!("{} lost", view.recording.labels.word(lost.label))]);
            self.edge(&id(event), &lost_id(event, number), &format!("color=red, arrowhead=tee, label={label}"));
        }
    }

    /// What lanes did one after the other, where nothing else says so.
    fn orders(&mut self) {
        let view = self.view;
        let mut last: BTreeMap<LaneAt, String> = BTreeMap::new();
        for (_, event) in view.events().filter(|(_, event)| !view.recording.passes(event)) {
            let here = id(event);
            let before = last.insert(event.lane, here.clone()).unwrap_or_else(|| format!("lane{}", event.lane.0));
            if !self.edges.contains(&(before.clone(), here.clone())) {
                self.edge(&before, &here, "style=dotted, arrowhead=none, weight=8");
            }
        }
    }
}

fn id(event: &Event) -> String {
    format!("e{}", event.number)
}

fn lost_id(event: &Event, number: usize) -> String {
    format!("lost{}_{number}", event.number)
}

/// What the node of an event looks like.
fn looks(view: &View<'_>, place: Place, event: &Event) -> String {
    let (at, told) = (event.at.to_string(), view.alone(event));
    let became = view.became(place);
    let lines: Vec<&str> = [at.as_str(), told.as_str()].into_iter().chain(became.as_deref()).collect();
    let mut looks = format!("label={}", quoted(&lines));
    if view.violation(place).is_some() {
        looks += ", color=red, penwidth=3, fillcolor=\"#ffcdcd\"";
    } else if view.lane_kind(event.lane) == LaneKind::World {
        looks += ", shape=octagon, style=filled, fillcolor=\"#ffe0b0\"";
    } else if view.recording.passes(event) {
        looks += ", color=red, style=dashed";
    }
    looks
}

/// Lines as a string of the language, none of them longer than somebody will read.
fn quoted(lines: &[&str]) -> String {
    let escaped = |line: &&str| short(line, TEXT_MAX).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", lines.iter().map(escaped).collect::<Vec<_>>().join("\\n"))
}
