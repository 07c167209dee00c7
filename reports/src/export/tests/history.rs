use csv::Reader;

use super::*;
use crate::recording::{Fate, Operation, Part};

/// The operation that a row tells of, but for its places.
fn row(operation: &Operation, recording: &Recording) -> Vec<String> {
    let at = |place: Place| recording.event(place).at.as_nanos().to_string();
    let (outcome, returned) = match (operation.fate, operation.to) {
        (Fate::Ok, to) => ("ok", to.map(at)),
        (Fate::Failed, to) => ("failed", to.map(at)),
        (Fate::Unknown, _) => ("unknown", None),
    };
    let part = match operation.part {
        None => "",
        Some(Part::Culprit) => "culprit",
        Some(Part::Story) => "story",
    };
    vec![
        operation.id.clone(),
        operation.id.split('#').next().unwrap().to_owned(),
        operation.asked.clone(),
        operation.answer.clone().unwrap_or_default(),
        outcome.to_owned(),
        at(operation.from),
        returned.unwrap_or_default(),
        part.to_owned(),
        operation.order.map_or(String::new(), |order| order.to_string()),
    ]
}

#[test]
fn a_history_is_read_back_as_it_was() {
    let mut rows = 0;
    for (name, recording, places) in samples() {
        let text = crate::export::csv(&recording, &places);
        let mut reader = Reader::from_reader(text.as_bytes());
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        assert_eq!(header.join(","), "id,client,operation,answer,outcome,invoked_ns,returned_ns,part,order");
        let read: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        let wanted = |place: Place| places.contains(&place);
        let operations = recording.operations.iter().filter(|of| wanted(of.from) || of.to.is_some_and(wanted));
        let expected: Vec<Vec<String>> = operations.map(|operation| row(operation, &recording)).collect();
        assert_eq!(read, expected, "{name}");
        rows += read.len();
    }
    assert!(rows > 50, "{rows} rows");
}

#[test]
fn a_history_for_spreadsheets() {
    let recording = everything();
    let places: Vec<Place> = recording.placed().map(|(place, _)| place).collect();
    insta::assert_snapshot!(crate::export::csv(&recording, &places));
}
