use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::*;
use crate::diff::difference;
use crate::recording::Reader;

fn run(events: u64, filler: usize) -> Recording {
    let mut reader = Reader::new();
    reader
        .line(&json!({ "trace": 1, "tool": "0.1.0", "scenario": "a.toml", "protocol": "raft/bad", "seed": u64::MAX }))
        .unwrap();
    for id in 1..=events {
        // What cannot be compressed much: every line has other digits in it.
        let noise: String = (0..filler as u64)
            .map(|place| char::from(b'a' + ((id * 2_654_435_761 * (place * place + 7)) >> 9) as u8 % 26))
            .collect();
        let line = json!({ "t": id * 1_000_000, "id": id, "kind": "timer", "node": "n1", "timer": "T", "note": noise, "now": { "epoch": id / 2 } });
        reader.line(&line).unwrap();
    }
    let violation = json!({ "check": "invariant", "property": "p", "at": 500_000_000, "story": ["It broke."] });
    reader.line(&json!({ "verdict": { "violation": violation }, "digest": "0f", "events": events, "end": events * 1_000_000 })).unwrap();
    reader.finish().unwrap()
}

fn shown(recording: &Recording) -> Shown<'_> {
    let broken = recording.violation().map(|violation| violation.at);
    let properties =
        vec![Property { name: "p".to_owned(), doc: "It must not break.".to_owned(), checked: true, broken }];
    Shown { recording, name: "as found".to_owned(), reproduce: "shaketable replay a.toml".to_owned(), properties }
}

/// The header of a page, and all of its columns of the first run.
fn unpacked(page: &str) -> (Value, Vec<(String, Vec<u64>)>) {
    let (_, rest) = page.split_once("id=\"data\">").expect("data");
    let bytes = STANDARD.decode(rest.split_once('<').expect("an end").0).expect("base64");
    let mut all = Vec::new();
    GzDecoder::new(&bytes[..]).read_to_end(&mut all).expect("gzip");
    let length = u32::from_le_bytes(all[..4].try_into().expect("four bytes")) as usize;
    let header: Value = serde_json::from_slice(&all[4..4 + length]).expect("JSON");
    let body = &all[4 + length..];
    let columns = header["runs"][0]["columns"].as_object().expect("columns").iter();
    let read = columns.map(|(name, place)| {
        let at = |which: usize| place[which].as_u64().expect("a number") as usize;
        let mut bytes = body[at(0)..at(0) + at(1)].iter();
        let mut number = || {
            let (mut value, mut shift) = (0, 0);
            loop {
                let byte = *bytes.next().expect("a byte");
                value |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    return value;
                }
            }
        };
        (name.clone(), (0..at(2)).map(|_| number()).collect())
    });
    (header.clone(), read.collect())
}

#[test]
fn a_page_has_all_of_a_run() {
    let recording = run(1000, 10);
    let page = page(&shown(&recording), None);
    let (header, columns) = unpacked(&page);
    let run = &header["runs"][0];
    assert_eq!(header["title"], "invariant/p: raft/bad, seed 18446744073709551615");
    assert_eq!(
        (&run["protocol"], &run["bug"], &run["seed"]),
        (&json!("raft"), &json!("bad"), &json!(u64::MAX.to_string()))
    );
    assert_eq!((&run["violation"]["event"], &run["violation"]["message"]), (&json!(499), &json!("It broke.")));
    assert_eq!(
        run["properties"],
        json!([{ "name": "p", "doc": "It must not break.", "checked": true, "broken": 500_000_000 }])
    );
    let column = |name: &str| &columns.iter().find(|(other, _)| other == name).expect("the column").1;
    assert_eq!(column("time").iter().sum::<u64>(), 1_000_000_000);
    assert_eq!(column("kind").len(), 1000);
    assert_eq!(column("change_event").len(), 501); // An epoch every two events, the first for one.
    let details = run["details"].as_array().expect("details");
    let first = details[column("detail")[0] as usize - 1].as_str().expect("text");
    assert_eq!(serde_json::from_str::<Value>(first).expect("JSON")["note"].as_str().map(str::len), Some(10));
    assert_eq!(run["truncated"], 0);
}

#[test]
fn a_page_stays_small_by_leaving_out_what_is_far_from_the_violation() {
    let recording = run(4000, 1000);
    let page = page(&shown(&recording), None);
    assert!(page.len() <= MOST_BYTES && page.len() > MOST_BYTES / 2, "{} bytes", page.len());
    let (header, columns) = unpacked(&page);
    let detail = &columns.iter().find(|(name, _)| name == "detail").expect("the column").1;
    assert_eq!(header["runs"][0]["truncated"], detail.iter().filter(|number| **number == 0).count());
    assert!(detail[499] > 0 && detail[3999] == 0);
}

#[test]
fn two_runs_are_compared_from_where_they_part() {
    let (one, other) = (run(1000, 10), run(1000, 9));
    let difference = difference(&one, &other);
    let page = page(&shown(&one), Some((&shown(&other), &difference)));
    let (header, _) = unpacked(&page);
    assert_eq!(header["runs"].as_array().map(Vec::len), Some(2));
    assert_eq!(header["diverges"]["at"], json!([0, 0]));
    assert_eq!(header["diverges"]["why"][0], "The first event is another one.");
}

#[test]
fn the_same_runs_give_the_same_page() {
    let recording = run(300, 20);
    assert!(page(&shown(&recording), None) == page(&shown(&run(300, 20)), None));
}
