//! The JSON Schema (draft 2020-12) of scenario files, from the same tables as the loader: for completion and errors in editors.
//!
//! It knows shapes, not meaning: what is right here may still name a node that does not exist.

use serde_json::{Map, Value as Json, json};
use shaketable_sim::faults::target::{self, Target};
use shaketable_sim::faults::{FaultType, SCHEDULE};
use shaketable_sim::param::{Default, Param, Shape};
use shaketable_sim::plan::CLIENTS;

use crate::tables::{EXPECT, SECTIONS, TOP, Tables, milestones};

/// The schema of the scenario files that can name what is in `tables`.
pub(crate) fn schema(tables: &Tables) -> Json {
    let mut properties = Map::new();
    for param in TOP {
        let mut schema = property(param);
        match param.name {
            "protocol" => schema["enum"] = json!(tables.protocol_names()),
            "seeds" => schema["pattern"] = json!(SEEDS),
            _ => {}
        }
        properties.insert(param.name.to_owned(), schema);
    }
    for section in SECTIONS {
        let table = match section.name {
            "clients" => clients(tables),
            "expect" => expect(tables),
            _ => table(&[section.params]),
        };
        properties.insert(section.name.to_owned(), described(table, section.doc));
    }
    for protocol in tables.protocols {
        let doc = format!("the parameters of {}: {}", protocol.name, protocol.doc);
        properties.insert(protocol.name.to_owned(), described(table(&[protocol.params]), &doc));
    }
    properties.insert("fault".to_owned(), faults(tables));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Shaketable scenario",
        "description": "A cluster, what goes wrong in it, and what must come of it",
        "type": "object",
        "properties": properties,
        "required": required(&[TOP]),
        "additionalProperties": false,
    })
}

const SEEDS: &str = r"^\s*[0-9_]+\s*\.\.\s*[0-9_]+\s*$";
const SPAN: &str = r"[0-9][0-9_]*(\.[0-9_]+)?\s*(ns|us|µs|ms|s|min|h)";
const ODDS: &str = r"^[0-9][0-9_]*(\.[0-9_]+)?\s*(%|ppm)$";

/// Every fault is an object with one key out of many: so an editor points at the very kind whose table is wrong.
fn faults(tables: &Tables) -> Json {
    let kinds: Map<String, Json> = tables.faults.iter().map(|kind| (kind.name.to_owned(), fault(kind))).collect();
    json!({
        "type": "array",
        "description": "what goes wrong: under each [[fault]] one kind of fault",
        "items": {
            "type": "object",
            "properties": kinds,
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
        },
    })
}

fn fault(kind: &FaultType) -> Json {
    let mut schema = described(table(&[kind.params, SCHEDULE]), kind.doc);
    // A time, or a state, or an occasion; and `when` may stand beside an occasion.
    let mut starts = ["at", "every", "after", "on-message"].map(|name| json!({ "required": [name] })).to_vec();
    let alone = ["after", "on-message"].map(|name| json!({ "required": [name] }));
    starts.push(json!({ "required": ["when"], "not": { "anyOf": alone } }));
    schema["oneOf"] = json!(starts);
    if kind.instantaneous {
        schema["properties"]["for"] = json!(false);
        schema["properties"]["permanent"] = json!({ "const": false });
    }
    schema["dependentSchemas"] = json!({
        "at": { "properties": { "since": false, "until": false, "times": false, "delay": false, "when": false } },
        "every": { "properties": { "delay": false, "when": false } },
        "permanent": {
            "if": { "properties": { "permanent": { "const": true } } },
            "then": { "properties": { "for": false } },
        },
    });
    schema
}

/// The common keys and those of every workload; which workload it is forbids those of the others.
fn clients(tables: &Tables) -> Json {
    let all: Vec<&'static [Param]> =
        std::iter::once(CLIENTS).chain(tables.workloads.iter().map(|workload| workload.params)).collect();
    let mut schema = table(&all);
    let names: Vec<&str> = tables.workloads.iter().map(|workload| workload.name).collect();
    schema["properties"]["workload"]["enum"] = json!(names);
    let cases = tables.workloads.iter().map(|workload| {
        let own = |param: &Param| workload.params.iter().chain(CLIENTS).any(|known| known.name == param.name);
        let foreign = all.iter().flat_map(|params| params.iter()).filter(|param| !own(param));
        let forbidden: Map<String, Json> = foreign.map(|param| (param.name.to_owned(), json!(false))).collect();
        // Without a condition on its presence, a workload that is not written would satisfy every case.
        let named = json!({ "properties": { "workload": { "const": workload.name } }, "required": ["workload"] });
        json!({ "if": named, "then": { "properties": forbidden } })
    });
    schema["allOf"] = cases.collect();
    schema
}

/// `reach` knows the milestones of all protocols.
fn expect(tables: &Tables) -> Json {
    let mut schema = table(&[EXPECT]);
    for milestone in tables.protocols.iter().flat_map(milestones) {
        schema["properties"]["reach"]["properties"][milestone.name] = property(&milestone);
    }
    schema
}

fn table(params: &[&[Param]]) -> Json {
    let all = params.iter().flat_map(|table| table.iter());
    let properties: Map<String, Json> = all.map(|param| (param.name.to_owned(), property(param))).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required(params),
        "additionalProperties": false,
    })
}

fn required(params: &[&[Param]]) -> Vec<&'static str> {
    let all = params.iter().flat_map(|table| table.iter());
    all.filter(|param| matches!(param.default, Default::Required)).map(|param| param.name).collect()
}

fn property(param: &Param) -> Json {
    let description = match param.default.value(&param.shape) {
        Some(value) => format!("{} (default: {value})", param.doc.trim()),
        None => param.doc.trim().to_owned(),
    };
    described(shape(&param.shape), &description)
}

fn described(mut schema: Json, description: &str) -> Json {
    schema["description"] = json!(description);
    schema
}

fn shape(shape: &Shape) -> Json {
    let one_or_range = |one: Json| {
        let range = json!({ "type": "array", "items": one, "minItems": 2, "maxItems": 2 });
        json!({ "anyOf": [one, range] })
    };
    let count = |low: u64, high: u64| match high {
        u64::MAX => json!({ "type": "integer", "minimum": low }),
        high => json!({ "type": "integer", "minimum": low, "maximum": high }),
    };
    match *shape {
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Count(low, high) => count(low, high),
        Shape::Counts(low, high) => one_or_range(count(low, high)),
        Shape::Span => span(),
        Shape::Spans => one_or_range(span()),
        Shape::Shift => shift(),
        Shape::Shifts => one_or_range(shift()),
        Shape::Odds => json!({ "type": "string", "pattern": ODDS }),
        Shape::Choice(words) => choice(words),
        Shape::Names => json!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
        }),
        Shape::Delay => delay(),
        Shape::Target => targets("nc", |_| true),
        Shape::Nodes => targets("n", of_nodes),
        Shape::Groups => json!({ "type": "array", "items": targets("n", of_nodes), "minItems": 1 }),
        Shape::Table(params) => table(&[params]),
        Shape::ChoiceOrTable(words, params) => json!({ "anyOf": [choice(words), table(&[params])] }),
        Shape::Text => json!({ "type": "string" }),
    }
}

fn span() -> Json {
    json!({ "type": "string", "pattern": format!("^{SPAN}$") })
}

fn shift() -> Json {
    json!({ "type": "string", "pattern": format!("^[+-]?{SPAN}$") })
}

fn choice(words: &[(&str, &str)]) -> Json {
    let each = words.iter().map(|(word, doc)| json!({ "const": word, "description": doc }));
    json!({ "oneOf": each.collect::<Vec<_>>() })
}

fn delay() -> Json {
    let range = json!({ "type": "array", "items": span(), "minItems": 2, "maxItems": 2 });
    let two = |names: [&str; 2]| {
        let properties: Map<String, Json> = names.iter().map(|name| ((*name).to_owned(), span())).collect();
        json!({ "type": "object", "properties": properties, "required": names, "additionalProperties": false })
    };
    let distributions = json!({
        "type": "object",
        "properties": {
            "uniform": range,
            "exponential": two(["min", "mean"]),
            "lognormal": two(["median", "p99"]),
        },
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": false,
    });
    json!({ "anyOf": [span(), distributions] })
}

/// A target or a list of them. The words are listed for completion; a pattern takes numbers and `not(…)`.
/// Whether a word for a target is about nodes.
fn of_nodes(word: &str) -> bool {
    !word.parse::<Target>().is_ok_and(|target| target.speaks_of_clients())
}

/// Targets whose names are one of these letters and a number, or one of the words that `means` one.
fn targets(letters: &str, means: fn(&str) -> bool) -> Json {
    let words = target::WORDS.iter().map(|(word, _)| *word).filter(|word| !word.contains('(') && means(word));
    let words: Vec<&str> = words.collect();
    let plain = format!("({}|[{letters}][0-9]+)", words.join("|"));
    let pattern = format!(r"^\s*({plain}|not\(\s*{plain}\s*(,\s*{plain}\s*)*\))\s*$");
    let one = json!({ "anyOf": [{ "enum": words }, { "type": "string", "pattern": pattern }] });
    json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use jsonschema::Validator;

    use super::*;
    use crate::load::{GOOD, load, mistakes};
    use crate::testing;

    fn validator(tables: &Tables) -> Validator {
        let schema = schema(tables);
        jsonschema::draft202012::meta::validate(&schema).expect("the schema is a schema");
        jsonschema::validator_for(&schema).expect("the schema compiles")
    }

    fn as_json(toml: &str) -> Option<Json> {
        toml::from_str(toml).ok()
    }

    /// Every scenario file in the folders beside `src`, and in theirs.
    fn scenario_files() -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR"))];
        let root = folders[0].clone();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() && path != root.join("src") {
                    folders.push(path);
                } else if folder != root && path.extension().is_some_and(|extension| extension == "toml") {
                    found.push(path);
                }
            }
        }
        found
    }

    #[test]
    fn every_scenario_file_is_read_and_obeys_the_schema() {
        let validator = validator(&Tables::shipped());
        let files = scenario_files();
        assert!(!files.is_empty(), "no scenario files are found");
        for path in files {
            let text = std::fs::read_to_string(&path).expect("a readable file");
            load(&path, &text, &Tables::shipped()).map(drop).unwrap_or_else(|wrong| panic!("{wrong}"));
            let wrong: Vec<String> = validator
                .iter_errors(&as_json(&text).expect("TOML"))
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
        }
    }

    #[test]
    fn what_the_loader_reads_obeys_the_schema() {
        let validator = validator(&testing::tables());
        assert!(validator.is_valid(&as_json(GOOD).expect("TOML")));
        let minimal = "protocol = \"raft/forgets-vote\"\nnodes = 1\nduration = \"1 s\"\n";
        assert!(load(Path::new("minimal"), minimal, &testing::tables()).is_ok());
        assert!(validator.is_valid(&as_json(minimal).expect("TOML")));
    }

    #[test]
    fn the_schema_misses_only_mistakes_of_meaning() {
        let validator = validator(&testing::tables());
        let missed: Vec<&str> = mistakes()
            .filter(|(_, text)| as_json(text).is_some_and(|json| validator.is_valid(&json)))
            .map(|(name, _)| name)
            .collect();
        insta::assert_debug_snapshot!(missed);
    }
}
