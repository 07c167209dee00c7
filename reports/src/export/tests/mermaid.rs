use std::collections::BTreeSet;

use super::*;

/// Of a text, that nothing in it means anything but what it says.
fn is_text(text: &str) {
    let mut rest = text.replace("<br/>", " ");
    while let Some((before, after)) = rest.clone().split_once('#') {
        let (number, after) = after.split_once(';').expect("an entity ends");
        assert!(number.parse::<u8>().is_ok(), "`#{number};` in {text}");
        rest = format!("{before}{after}");
    }
    assert!(!rest.trim().is_empty() && !rest.contains([';', '<', '>', '%', '$', '\\', '`']), "{text}");
}

/// What a diagram consists of.
#[derive(Default)]
struct Diagram {
    participants: Vec<String>,
    arrows: Vec<(String, String, String)>,
    notes: usize,
    rects: usize,
}

/// Reads a diagram by those lines of the grammar that are in use, and knows no others.
fn parsed(text: &str) -> Diagram {
    let mut diagram = Diagram::default();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("sequenceDiagram"));
    let mut open = false;
    for line in lines {
        let line = line.strip_prefix("    ").expect("an indented line");
        if let Some(name) = line.strip_prefix("participant ") {
            let (id, shown) = name.split_once(" as ").unwrap_or((name, name));
            is_text(shown);
            assert!(diagram.arrows.is_empty() && diagram.notes == 0 && !open);
            diagram.participants.push(id.to_owned());
            continue;
        }
        if line == "rect rgb(255, 205, 205)" || line == "end" {
            assert_eq!(open, line == "end");
            open = !open;
            diagram.rects += usize::from(open);
            continue;
        }
        let (head, told) = line.split_once(": ").expect("a text");
        is_text(told);
        let known = |id: &str| assert!(diagram.participants.iter().any(|other| other == id), "{id} in {line}");
        if let Some(over) = head.strip_prefix("Note over ") {
            over.split(',').for_each(known);
            diagram.notes += 1;
            continue;
        }
        let arrow = ["->>", "--x", "-x"].into_iter().find(|arrow| head.contains(arrow)).expect("an arrow");
        let (from, to) = head.split_once(arrow).unwrap();
        [from, to].into_iter().for_each(known);
        diagram.arrows.push((from.to_owned(), arrow.to_owned(), to.to_owned()));
    }
    assert!(!open, "a rect ends");
    diagram
}

#[test]
fn every_line_is_one_of_the_grammar_and_every_message_an_arrow() {
    let (mut arrows, mut crossed, mut rects) = (0, 0, 0);
    for (name, recording, places) in samples() {
        let diagram = parsed(&crate::export::mermaid(&recording, &places));
        let distinct: BTreeSet<&String> = diagram.participants.iter().collect();
        assert_eq!(distinct.len(), diagram.participants.len());
        let order = |id: &String| recording.lanes.iter().position(|lane| lane.name == *id).expect("a lane");
        assert!(diagram.participants.iter().map(order).is_sorted(), "{name}: {:?}", diagram.participants);
        let (origins, wanted) = (recording.origins(), |place: Place| places.contains(&place));
        let travels = |place: &&Place| {
            let event = recording.event(**place);
            event.from.is_some_and(|from| from != event.lane) || origins[place.0 as usize].is_some()
        };
        let lost = recording.lost.iter().filter(|lost| wanted(lost.event)).count();
        let passed = places.iter().filter(travels).filter(|place| recording.passes(recording.event(**place))).count();
        assert_eq!(diagram.arrows.len(), places.iter().filter(travels).count() + lost, "{name}");
        let with_cross = diagram.arrows.iter().filter(|(_, arrow, _)| arrow != "->>").count();
        assert_eq!(with_cross, lost + passed, "{name}");
        let violation = recording.violation().and_then(|violation| violation.event);
        assert_eq!(diagram.rects, usize::from(violation.is_some_and(wanted)), "{name}");
        (arrows, crossed, rects) = (arrows + diagram.arrows.len(), crossed + with_cross, rects + diagram.rects);
    }
    assert!(arrows > 400 && crossed > 50 && rects > 5, "{arrows} arrows, {crossed} with a cross, {rects} violations");
}

#[test]
fn a_diagram_for_mermaid() {
    let recording = everything();
    let places: Vec<Place> = recording.placed().map(|(place, _)| place).collect();
    insta::assert_snapshot!(crate::export::mermaid(&recording, &places));
}
