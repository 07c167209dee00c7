//! `explain NAME`: everything that a name means in a scenario file.

use shaketable_protocols::{Bug, Protocol};
use shaketable_sim::faults::trigger::{ON_MESSAGE, WHEN};
use shaketable_sim::faults::{FaultType, SCHEDULE, target};
use shaketable_sim::param::{Default, Param, Shape, nearest};
use shaketable_sim::plan::CLIENTS;
use shaketable_sim::run::Coverage;
use shaketable_sim::workload::WorkloadType;

use super::layout::{Page, column, unbroken};
use crate::histories::models::{MODELS, Model};
use crate::tables::{CHECKS, SECTIONS, TOP, Tables};

/// What a name means: a protocol, a planted bug, a kind of fault, a check or property, a workload, a target, a table, a
/// key, a number of `reach` or a milestone. All of these, if it is several.
///
/// # Errors
/// If it is none of them: a sentence with the nearest name.
pub(crate) fn explain(name: &str, tables: &Tables) -> Result<String, String> {
    let bare = name.trim_matches(['[', ']']);
    let mut page = Page::default();
    for meaning in meanings(tables).iter().filter(|meaning| meaning.is_called(bare)) {
        page.gap();
        page.line(&format!("{bare}: {}", meaning.kind));
        page.line("");
        (meaning.tell)(&mut page);
    }
    match page.text() {
        text if !text.is_empty() => Ok(text),
        _ => {
            let all = meanings(tables);
            let names = all.iter().flat_map(|meaning| meaning.names.iter().map(String::as_str));
            Err(match nearest(bare, names) {
                Some(near) => format!("nothing is called `{bare}`; did you mean `{near}`?"),
                None => format!("nothing is called `{bare}`; `shaketable list` shows what there is"),
            })
        }
    }
}

/// Something that has a name.
struct Meaning {
    names: Vec<String>,
    kind: String,
    tell: Box<dyn Fn(&mut Page)>,
}

impl Meaning {
    fn new(names: &[&str], kind: impl Into<String>, tell: impl Fn(&mut Page) + 'static) -> Meaning {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Meaning { names, kind: kind.into(), tell: Box::new(tell) }
    }

    fn is_called(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }
}

fn meanings(tables: &Tables) -> Vec<Meaning> {
    let mut all = Vec::new();
    for protocol in tables.protocols {
        all.push(Meaning::new(&[protocol.name], "a protocol", |page| tell_protocol(page, protocol)));
        for bug in protocol.bugs {
            let full = format!("{}/{}", protocol.name, bug.name);
            let kind = format!("a planted bug of {}", protocol.name);
            all.push(Meaning::new(&[&full, bug.name], kind, |page| tell_bug(page, protocol, bug)));
        }
        for milestone in protocol.milestones {
            let kind = format!("a milestone of {}, for `[expect] reach`", protocol.name);
            all.push(Meaning::new(&[milestone.name], kind, |page| page.paragraph(2, milestone.doc)));
        }
        for property in protocol.properties {
            let names = [property.name, &format!("invariant/{}", property.name)];
            let kind = format!("a property of {}", protocol.name);
            all.push(Meaning::new(&names, kind, |page| page.paragraph(2, property.doc)));
        }
    }
    all.extend(
        tables.faults.iter().map(|kind| Meaning::new(&[kind.name], "a kind of fault", |page| tell_fault(page, kind))),
    );
    all.push(Meaning::new(&["fault"], "what goes wrong, under `[[fault]]`", tell_schedule));
    all.extend(
        tables
            .workloads
            .iter()
            .map(|workload| Meaning::new(&[workload.name], "a workload", |page| tell_workload(page, workload))),
    );
    all.extend(
        MODELS
            .iter()
            .map(|model| Meaning::new(&[model.name], "a model for `shaketable check`", |page| tell_model(page, model))),
    );
    all.extend(CHECKS.iter().map(|(name, doc)| Meaning::new(&[name], "a check", |page| page.paragraph(2, doc))));
    all.extend(target::WORDS.iter().map(|(word, doc)| {
        Meaning::new(&[word, word.split('(').next().unwrap_or(word)], "a target of faults", |page| {
            page.paragraph(2, doc)
        })
    }));
    all.extend(SECTIONS.iter().map(|section| {
        let kind = format!("the table `[{}]`", section.name);
        Meaning::new(&[section.name], kind, |page| {
            page.paragraph(2, section.doc);
            tell_params(page, "Keys", section.params);
        })
    }));
    all.extend(
        Coverage::NAMES
            .iter()
            .map(|(name, doc)| Meaning::new(&[name], "a number of `[expect] reach`", |page| page.paragraph(2, doc))),
    );
    keys(tables, &mut all);
    all
}

/// Every key of every table.
fn keys(tables: &Tables, all: &mut Vec<Meaning>) {
    let mut add = |place: String, params: &'static [Param]| {
        for param in params {
            all.push(Meaning::new(&[param.name], place.clone(), |page| {
                tell_params(page, "", std::slice::from_ref(param))
            }));
        }
    };
    add("a key at the top of the file".to_owned(), TOP);
    SECTIONS.iter().for_each(|section| add(format!("a key of `[{}]`", section.name), section.params));
    for protocol in tables.protocols {
        add(format!("a key of `[{}]`", protocol.name), protocol.params);
    }
    for workload in tables.workloads {
        add(format!("a key of `[clients]`, with `workload = \"{}\"`", workload.name), workload.params);
    }
    for kind in tables.faults {
        add(format!("a key of the fault `{}`", kind.name), kind.params);
    }
    add("a key of every fault".to_owned(), SCHEDULE);
    add("what a fault can wait for, in `when`".to_owned(), WHEN);
    add("what a fault can wait for, in `on-message`".to_owned(), ON_MESSAGE);
}

fn tell_protocol(page: &mut Page, protocol: &Protocol) {
    page.paragraph(2, protocol.doc);
    page.paragraph(2, &format!("Tolerates: {}", protocol.tolerates));
    page.paragraph(2, &format!("Writes: {}", protocol.notation));
    tell_params(page, &format!("Keys of `[{}]`", protocol.name), protocol.params);
    tell_names(page, "Properties", protocol.properties.iter().map(|property| (property.name, property.doc)));
    tell_names(page, "Milestones", protocol.milestones.iter().map(|milestone| (milestone.name, milestone.doc)));
    tell_names(page, "Planted bugs", protocol.bugs.iter().map(|bug| (bug.name, bug.doc)));
}

fn tell_bug(page: &mut Page, protocol: &Protocol, bug: &Bug) {
    page.paragraph(2, bug.doc);
    page.paragraph(2, &format!("Source: {}", bug.source));
    page.paragraph(2, &format!("Caught by: {}", bug.caught_by));
    page.paragraph(2, &format!("To plant it: protocol = \"{}/{}\"", protocol.name, bug.name));
}

fn tell_fault(page: &mut Page, kind: &FaultType) {
    page.paragraph(2, kind.doc);
    if kind.instantaneous {
        page.paragraph(2, "It is over at once, so `for` and `permanent` do not apply.");
    }
    tell_params(page, "Keys", kind.params);
    let schedule = SCHEDULE.iter().map(|param| param.name).filter(|name| !(kind.instantaneous && lasts(name)));
    let schedule: Vec<String> = schedule.map(|name| format!("`{name}`")).collect();
    page.gap();
    page.paragraph(2, &format!("When it strikes: {}; see `shaketable explain fault`.", schedule.join(", ")));
}

fn lasts(key: &str) -> bool {
    key == "for" || key == "permanent"
}

fn tell_schedule(page: &mut Page) {
    page.paragraph(
        2,
        "Under each `[[fault]]` stands one kind of fault, as `crash = { node = \"leader\", at = \"5s\" }`. \
                       Its table says whom it strikes and how; and when, with exactly one of `at`, `every` and `when`.",
    );
    tell_params(page, "Keys of every fault", SCHEDULE);
    tell_names(page, "Targets", target::WORDS.iter().copied());
}

fn tell_workload(page: &mut Page, workload: &WorkloadType) {
    page.paragraph(2, workload.doc);
    tell_params(page, "Keys of `[clients]`", workload.params);
    let common: Vec<String> = CLIENTS.iter().map(|param| format!("`{}`", param.name)).collect();
    page.gap();
    page.paragraph(2, &format!("Besides those of all workloads: {}.", common.join(", ")));
}

fn tell_model(page: &mut Page, model: &'static Model) {
    page.paragraph(2, model.doc);
    let told = model.verbs.iter().map(|verb| (verb.name, verb.told()));
    let told: Vec<(&str, String)> = told.collect();
    tell_names(page, "Operations", told.iter().map(|(name, doc)| (*name, doc.as_str())));
}

fn tell_names<'a>(page: &mut Page, title: &str, names: impl Iterator<Item = (&'a str, &'a str)> + Clone) {
    let column = column(names.clone().map(|(name, _)| name));
    for (index, (name, doc)) in names.enumerate() {
        if index == 0 {
            page.gap();
            page.line(&format!("{title}:"));
        }
        page.row(2, column, name, doc);
    }
}

fn tell_params(page: &mut Page, title: &str, params: &[Param]) {
    if params.is_empty() {
        return;
    }
    if !title.is_empty() {
        page.gap();
        page.line(&format!("{title}:"));
    }
    rows(page, 2, params);
}

fn rows(page: &mut Page, indent: usize, params: &[Param]) {
    let column = column(params.iter().map(|param| param.name));
    for param in params {
        page.row(indent, column, param.name, param.doc);
        let inner = indent + column;
        if !matches!(param.shape, Shape::Table(_)) {
            page.paragraph(inner + 2, &written(param));
        }
        match param.shape {
            Shape::Choice(words) => words.iter().for_each(|(word, doc)| choice(page, inner, words, word, doc)),
            Shape::Table(params) => rows(page, inner + 2, params),
            Shape::ChoiceOrTable(words, params) => {
                words.iter().for_each(|(word, doc)| choice(page, inner, words, word, doc));
                rows(page, inner + 2, params);
            }
            _ => {}
        }
    }
}

fn choice(page: &mut Page, indent: usize, words: &[(&str, &str)], word: &str, doc: &str) {
    let column = column(words.iter().map(|(word, _)| *word)) + 2;
    page.row(indent + 2, column, &format!("\"{word}\""), doc);
}

/// What the value looks like, and what holds without it. An example is shown unless the default is one.
fn written(param: &Param) -> String {
    let default = param.default.value(&param.shape);
    let form = match param.shape {
        Shape::Choice(_) | Shape::ChoiceOrTable(..) | Shape::Text | Shape::Flag => param.shape.noun().to_owned(),
        Shape::Count(low, u64::MAX) => format!("a whole number, at least {low}"),
        Shape::Count(low, high) => format!("a whole number from {low} to {high}"),
        Shape::Delay | Shape::Target | Shape::Nodes => {
            format!("{}: {}", param.shape.noun(), param.shape.example().replace('`', ""))
        }
        shape if default.is_none() => format!("{}: {}", shape.noun(), shape.example().replace('`', "")),
        shape => shape.noun().to_owned(),
    };
    match (param.default, default) {
        (_, Some(value)) => format!("({form}; default: {})", unbroken(&value.to_string())),
        (Default::Required, None) => format!("({form}; required)"),
        (_, None) => format!("({form})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tables;

    #[test]
    fn a_name_is_explained_in_all_its_meanings() {
        let names =
            ["raft", "forgets-vote", "crash", "jump", "kv", "network", "[[fault]]", "leader", "not", "loss", "crashes"];
        let texts = names.map(|name| explain(name, &tables()).expect("a meaning"));
        insta::assert_snapshot!(texts.join("\n----\n\n"));
    }

    #[test]
    fn an_unknown_name_is_met_with_the_nearest() {
        let unknown = |name| explain(name, &tables()).expect_err("unknown");
        assert_eq!(unknown("forget-vote"), "nothing is called `forget-vote`; did you mean `forgets-vote`?");
        assert_eq!(unknown("zebra"), "nothing is called `zebra`; `shaketable list` shows what there is");
        assert_eq!(unknown(""), "nothing is called ``; `shaketable list` shows what there is");
    }

    #[test]
    fn every_key_is_explained() {
        let tables = Tables::shipped();
        let sections = SECTIONS.iter().map(|section| section.params);
        let faults = tables.faults.iter().map(|kind| kind.params);
        for param in sections.chain(faults).chain([TOP, SCHEDULE, WHEN, ON_MESSAGE]).flatten() {
            let text = explain(param.name, &tables).unwrap_or_else(|unknown| panic!("{unknown}"));
            assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        }
    }
}
