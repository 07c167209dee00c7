//! What there is: the texts of `list` and `explain`, printed from the tables.

use serde_json::{Map, Value as Json, json};

use crate::histories::models::{MODELS, Model};
use crate::scenario::{Expected, Scenario};
use crate::tables::{CHECKS, Tables};

mod explain;
mod layout;

pub(crate) use explain::explain;
use layout::{Page, column};

/// What can be listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum What {
    /// What can run.
    Protocols,
    /// What can be wrong with it on purpose.
    Bugs,
    /// What can go wrong around it.
    Faults,
    /// What is checked.
    Checks,
    /// What clients can ask for.
    Workloads,
    /// What histories can be checked by.
    Models,
}

/// One thing of a list.
struct Row {
    name: String,
    doc: String,
    /// What else there is to say of it, by name.
    more: Vec<(&'static str, String)>,
}

/// A list for people.
pub(crate) fn list(what: What, tables: &Tables) -> String {
    for_people(&rows(what, tables))
}

/// The same for programs: an array of objects with `name`, `doc`, and what else there is to say, in a stable order.
pub(crate) fn list_json(what: What, tables: &Tables) -> Json {
    for_programs(&rows(what, tables))
}

/// Scenarios, as [`list`].
pub(crate) fn list_scenarios(scenarios: &[Scenario]) -> String {
    for_people(&scenarios.iter().map(scenario).collect::<Vec<_>>())
}

/// Scenarios, as [`list_json`].
pub(crate) fn list_scenarios_json(scenarios: &[Scenario]) -> Json {
    for_programs(&scenarios.iter().map(scenario).collect::<Vec<_>>())
}

fn for_people(rows: &[Row]) -> String {
    let mut page = Page::default();
    let column = column(rows.iter().map(|row| row.name.as_str()));
    for row in rows {
        page.row(0, column, &row.name, &row.doc);
        for (name, text) in &row.more {
            page.paragraph(column, &format!("{name}: {text}"));
        }
    }
    page.text()
}

fn for_programs(rows: &[Row]) -> Json {
    let row = |row: &Row| {
        let mut object = Map::new();
        object.insert("name".to_owned(), json!(row.name));
        object.insert("doc".to_owned(), json!(row.doc));
        for (name, text) in &row.more {
            object.insert(name.replace(' ', "-"), json!(text));
        }
        Json::Object(object)
    };
    rows.iter().map(row).collect()
}

fn rows(what: What, tables: &Tables) -> Vec<Row> {
    let plain = |name: &str, doc: &str| Row { name: name.to_owned(), doc: doc.to_owned(), more: Vec::new() };
    match what {
        What::Protocols => tables
            .protocols
            .iter()
            .map(|protocol| {
                let more = vec![("tolerates", protocol.tolerates.to_owned()), ("writes", protocol.notation.to_owned())];
                Row { more, ..plain(protocol.name, protocol.doc) }
            })
            .collect(),
        What::Bugs => {
            let bugs =
                tables.protocols.iter().flat_map(|protocol| protocol.bugs.iter().map(move |bug| (protocol, bug)));
            bugs.map(|(protocol, bug)| {
                let more = vec![("caught by", bug.caught_by.to_owned()), ("source", bug.source.to_owned())];
                Row { more, ..plain(&format!("{}/{}", protocol.name, bug.name), bug.doc) }
            })
            .collect()
        }
        What::Faults => tables.faults.iter().map(|fault| plain(fault.name, fault.doc)).collect(),
        What::Checks => {
            let checks = CHECKS.iter().map(|(name, doc)| plain(name, doc));
            let properties = tables.protocols.iter().flat_map(|protocol| {
                protocol.properties.iter().map(|property| {
                    let more = vec![("protocol", protocol.name.to_owned())];
                    Row { more, ..plain(&format!("invariant/{}", property.name), property.doc) }
                })
            });
            checks.chain(properties).collect()
        }
        What::Workloads => tables.workloads.iter().map(|workload| plain(workload.name, workload.doc)).collect(),
        What::Models => {
            let row = |model: &Model| {
                let more = vec![("operations", model.named_verbs())];
                Row { more, ..plain(model.name, model.doc) }
            };
            MODELS.iter().map(row).collect()
        }
    }
}

fn scenario(scenario: &Scenario) -> Row {
    let protocol = match scenario.bug {
        Some(bug) => format!("{}/{}", scenario.protocol.name, bug.name),
        None => scenario.protocol.name.to_owned(),
    };
    let expects = match &scenario.expect.verdict {
        Expected::Pass => "pass".to_owned(),
        Expected::Violation { signature, within_seeds: 1 } => format!("violation of {signature} with the first seed"),
        Expected::Violation { signature, within_seeds } => {
            format!("violation of {signature} within {within_seeds} seeds")
        }
    };
    Row {
        name: scenario.path.display().to_string(),
        doc: scenario.doc.clone(),
        more: vec![("protocol", protocol), ("expects", expects)],
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::load::{GOOD, load};
    use crate::testing::tables;

    const ALL: [What; 6] = [What::Protocols, What::Bugs, What::Faults, What::Checks, What::Workloads, What::Models];

    fn good() -> [Scenario; 1] {
        [load(Path::new("scenarios/some.toml"), GOOD, &tables()).unwrap_or_else(|wrong| panic!("{wrong}"))]
    }

    #[test]
    fn lists_are_two_columns() {
        let mut lists = ALL.map(|what| format!("{what:?}\n\n{}", list(what, &tables()))).join("\n");
        lists += &format!("\nScenarios\n\n{}", list_scenarios(&good()));
        insta::assert_snapshot!(lists);
    }

    #[test]
    fn programs_read_the_same_lists() {
        let bugs = list_json(What::Bugs, &tables());
        assert_eq!(
            bugs,
            json!([{
                "name": "raft/forgets-vote",
                "doc": "does not write its vote to disk",
                "caught-by": "invariant/election-safety",
                "source": "§5.2",
            }])
        );
        for what in ALL {
            let names = |json: &Json| json.as_array().expect("an array").len();
            assert_eq!(names(&list_json(what, &tables())), rows(what, &tables()).len());
        }
        assert_eq!(list_scenarios_json(&good())[0]["protocol"], "raft");
    }

    #[test]
    fn whatever_is_listed_is_explained() {
        for tables in [tables(), Tables::shipped()] {
            for row in ALL.iter().flat_map(|what| rows(*what, &tables)) {
                let text = explain(&row.name, &tables).unwrap_or_else(|unknown| panic!("{unknown}"));
                let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(words(&text).contains(&words(&row.doc)), "{}:\n{text}", row.name);
            }
        }
    }
}
