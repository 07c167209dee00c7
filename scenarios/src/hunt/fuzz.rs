//! The file that says how far a hunt has come, damaged and made up: refused, or something that a hunt can go on from.

use std::fs;

use serde_json::{Value, json};
use shaketable_sim::digest::digest_of;

use super::store::{Identity, read, write};
use super::tests::{hunt_in, several};
use super::turns;
use crate::fakes::Folder;
use crate::fuzz::Fuzz;

/// The same text with the digest that it would have if this tool had written it: otherwise nothing behind it is ever reached.
fn with_its_digest(text: &str) -> Option<String> {
    let mut whole: Value = serde_json::from_str(text).ok()?;
    let digest = digest_of(&whole.get("body")?.to_string());
    whole.as_object_mut()?.insert("digest".to_owned(), json!(format!("{digest:016x}")));
    Some(whole.to_string())
}

#[test]
fn states() {
    let scenarios = several();
    let identity = Identity::new(&scenarios, "file");
    let kept = |runs: u64| {
        let folder = Folder::new("fuzz-hunt");
        hunt_in(&folder.0, &scenarios, runs, 1);
        fs::read_to_string(folder.0.join("hunt.json")).unwrap()
    };
    let guided = kept(200).replace("\"made\":null", "\"made\":\"Anew\"");
    let steps = "\"steps\":[{\"place\":0,\"made\":\"Anew\",\"first_in\":[1]},{\"place\":3,\"made\":{\"From\":[0,0]},\"first_in\":[2,3]}]";
    let seeds = [kept(1), kept(100), guided.clone(), guided.replacen("\"steps\":[]", steps, 1)];
    let seeds = seeds.iter().filter_map(|text| with_its_digest(text)).map(String::into_bytes).collect();
    let words = &[
        "0",
        "4",
        "18446744073709551615",
        "-1",
        "null",
        "[]",
        "{}",
        "\"\"",
        ",",
        "\"Anew\"",
        "{\"From\":[0,1]}",
        "\"lane\":",
        "\"runs\":",
        "\"rest\":[]",
        "\"finds\":[]",
        "\"lanes\":[]",
        "\"canaries\":[]",
        "\"steps\":[]",
        "{\"Case\":\"../x\"}",
        "\"version\":3",
        "\"first\":null",
        "\"bug\":\"broken\"",
    ];
    Fuzz { name: "states", seeds, words, inputs: 2_000 }.run(|input| {
        let text = String::from_utf8_lossy(input);
        for text in [Some(text.to_string()), with_its_digest(&text)].into_iter().flatten() {
            let record = match read(&text, &identity, None) {
                Ok(record) => record,
                Err(why) => {
                    assert!(!why.is_empty() && why.len() <= 200 + text.len(), "{why}");
                    continue;
                }
            };
            let state = &record.state;
            assert!(state.lanes.len() == scenarios.len() && state.rest.iter().all(|due| due.lane < scenarios.len()));
            assert!(state.finds.iter().all(|find| state.find(find.key()).is_ok()), "what was found is found again");
            assert!(turns::next(&state.lanes).iter().all(|lane| *lane < scenarios.len()));
            assert!(state.runs() <= u64::MAX / 2, "there is room for more");
            let again = read(&write(&record), &identity, None).expect("it has been written");
            assert_eq!((again.base, &again.state), (record.base, state));
        }
    });
}

/// What was wrong once.
mod repaired {
    use super::*;

    #[test]
    fn a_state_that_names_what_is_not_there_is_refused() {
        let scenarios = several();
        let identity = Identity::new(&scenarios, "file");
        let folder = Folder::new("fuzz-hunt-unsound");
        hunt_in(&folder.0, &scenarios, 40, 1);
        let right = fs::read_to_string(folder.0.join("hunt.json")).unwrap();
        assert!(read(&right, &identity, None).is_ok());
        for (piece, instead) in [
            ("\"rest\":[]", "\"rest\":[{\"lane\":4,\"place\":0,\"bug\":null,\"made\":null}]"),
            ("\"rest\":[]", "\"rest\":[{\"lane\":0,\"place\":0,\"bug\":null,\"made\":{\"From\":[0,0]}}]"),
            ("\"steps\":[]", "\"steps\":[{\"place\":0,\"made\":{\"From\":[0,0]},\"first_in\":[1]}]"),
            ("\"met\":{}", "\"met\":{\"1\":0}"),
            ("\"lanes\":[", "\"lanes\":[],\"old\":["),
        ] {
            let wrong = rest_empty(&right).replacen(piece, instead, 1);
            assert!(wrong.contains(instead), "{piece} is not in {right}");
            let wrong = with_its_digest(&wrong).expect("JSON");
            assert_eq!(read(&wrong, &identity, None).err().as_deref(), Some("it is damaged"), "{instead}");
        }
    }

    #[test]
    fn a_state_without_a_canary_gets_one_and_keeps_those_that_it_has() {
        let scenarios = several();
        let folder = Folder::new("fuzz-hunt-canary");
        let mut state = hunt_in(&folder.0, &scenarios, 200, 1);
        let right = state.clone();
        assert!(right.canaries.iter().any(|canary| canary.runs > 0), "{right:?}");
        assert_eq!(state.clone().of(&scenarios), right);
        let lost = state.canaries.remove(0);
        assert!(state.of(&scenarios).canaries.iter().any(|canary| canary.protocol == lost.protocol));
    }

    /// The same with nothing left of a round that has begun.
    fn rest_empty(text: &str) -> String {
        let mut whole: Value = serde_json::from_str(text).expect("JSON");
        whole["body"]["state"]["rest"] = json!([]);
        whole.to_string()
    }
}
