//! `[[fault]]`: each item has one key, the kind of fault, whose table says whom and when it strikes.

use shaketable_sim::faults::trigger::{Trigger, WHEN};
use shaketable_sim::faults::{FaultType, Planned, SCHEDULE, Start};
use shaketable_sim::param::{Args, Entry, ParamError, Raw, RawKind, Value, suggest};
use shaketable_sim::time::{Instant, Span};

use super::sections::Sections;
use super::{Reading, span};

/// The keys that say when a fault strikes: each has exactly one of them, but that `when` may stand beside the two behind it.
const STARTS: [&str; 5] = ["at", "every", "when", "after", "on-message"];

impl Reading<'_> {
    /// Reads all faults.
    pub(super) fn faults(&mut self, sections: &Sections) -> Vec<Planned> {
        let Some(entry) = self.root.entry("fault") else { return Vec::new() };
        let RawKind::List(items) = &entry.value.kind else {
            let error = ParamError::new(entry.at.clone(), "the faults are a list".to_owned());
            self.error(error.help("write `[[fault]]` above each of them"));
            return Vec::new();
        };
        items.iter().filter_map(|item| self.fault(item, sections)).collect()
    }

    fn fault(&mut self, item: &Raw, sections: &Sections) -> Option<Planned> {
        let RawKind::Table(entries) = &item.kind else {
            self.error(item.error("a fault is a table").help("write `[[fault]]`, and below it `crash = { … }`"));
            return None;
        };
        let kinds = || self.tables.faults.iter().map(|kind| kind.name);
        if entries.is_empty() {
            self.error(item.error("a fault of no kind").help(suggest("", kinds())));
            return None;
        }
        let known: Vec<(&Entry, &'static FaultType)> =
            entries.iter().filter_map(|entry| Some((entry, self.tables.fault(&entry.key)?))).collect();
        let mut misplaced = false;
        for entry in entries.iter().filter(|entry| self.tables.fault(&entry.key).is_none()) {
            let error = ParamError::new(entry.at.clone(), format!("unknown kind of fault `{}`", entry.key));
            let help = match known.first() {
                Some((_, kind)) if belongs_inside(kind, &entry.key) => {
                    misplaced = true;
                    format!("`{}` belongs inside `{} = {{ … }}`", entry.key, kind.name)
                }
                _ => self.belongs(&entry.key, "fault").unwrap_or_else(|| suggest(&entry.key, kinds())),
            };
            self.errors.push(error.help(help));
        }
        for (entry, _) in known.iter().skip(1) {
            let error = ParamError::new(entry.at.clone(), format!("a second kind of fault, `{}`", entry.key));
            self.error(error.help("write another `[[fault]]` above it"));
        }
        let (entry, kind) = *known.first().filter(|_| !misplaced)?; // What lies outside, the table lacks.
        self.planned(entry, kind, sections)
    }

    fn planned(&mut self, entry: &Entry, kind: &'static FaultType, sections: &Sections) -> Option<Planned> {
        let before = self.errors.len();
        let raw = &entry.value;
        let args = self.table(kind.name, &[kind.params, SCHEDULE], &placed_at_key(entry));
        self.endpoints_exist(kind.params, raw, sections);
        self.endpoints_exist(SCHEDULE, raw, sections);
        if !matches!(raw.kind, RawKind::Table(_)) {
            return None;
        }
        let start = self.start(entry, &args, sections);
        if let Some(start) = &start {
            self.judge_subject(kind, raw, &args, start);
        }
        self.judge_lasting(kind, raw, &args);
        self.judge_window(raw, &args, sections);
        if self.errors.len() > before {
            return None;
        }
        let start = start?;
        let end = [heal_at(sections), span(&sections.top, "duration")].into_iter().flatten().min();
        let instant = |span| Instant::ZERO + span;
        Some(Planned {
            kind,
            from: span(&args, "since").map_or(Instant::ZERO, instant),
            until: span(&args, "until").or(end).map_or(Instant::MAX, instant),
            times: match (args.get("times"), &start) {
                (Some(Value::Count(times)), _) => *times as u32,
                (_, Start::Every(..)) => u32::MAX,
                (_, Start::At(_) | Start::When(..)) => 1,
            },
            start,
            lasting: args.get("for").map(|_| args.spans("for")),
            permanent: matches!(args.get("permanent"), Some(Value::Flag(true))),
            args: args.only(kind.params),
        })
    }

    /// When it strikes: exactly one of the ways to say so.
    fn start(&mut self, entry: &Entry, args: &Args, sections: &Sections) -> Option<Start> {
        let written: Vec<&Entry> = STARTS.iter().filter_map(|name| entry.value.entry(name)).collect();
        if written.is_empty() {
            let error = ParamError::new(entry.at.clone(), format!("`{}` does not say when it strikes", entry.key));
            self.error(
                error.help("write `at = \"5s\"`, `every = [\"1s\", \"3s\"]`, `when = { committed = 10 }`, `after = …` or `on-message = { kind = … }`"),
            );
        }
        let first = written.first()?;
        let combines = |second: &Entry| first.key == "when" && matches!(second.key.as_str(), "after" | "on-message");
        for (place, second) in
            written.iter().enumerate().skip(1).filter(|(place, second)| *place > 1 || !combines(second))
        {
            let error =
                ParamError::new(second.at.clone(), format!("`{}` beside `{}`", second.key, written[place - 1].key));
            self.error(error.help(
                "write one of `at`, `every`, `when`, `after` and `on-message` (`when` may stand beside the last two); \
                 another `[[fault]]` strikes at other times",
            ));
        }
        let delay = entry.value.entry("delay");
        match (first.key.as_str(), args.get(&first.key)?) {
            ("at" | "every", _) if delay.is_some() => {
                let error = ParamError::new(delay?.at.clone(), format!("`delay` beside `{}`", first.key));
                self.error(
                    error.help("`delay` is how long to wait after what `when`, `after` or `on-message` wait for"),
                );
                None
            }
            ("at", Value::Span(at)) => Some(Start::At(Instant::ZERO + *at)),
            ("every", Value::Spans(low, high)) => {
                if *high == Span::ZERO {
                    self.error(first.value.error("it would strike without end at one instant"));
                }
                Some(Start::Every(*low, *high))
            }
            ("when", Value::Table(when)) if when.iter().next().is_none() => {
                let known: Vec<String> = WHEN.iter().map(|param| format!("`{}`", param.name)).collect();
                self.error(
                    first.value.error("it waits for nothing").help(format!("write some of {}", known.join(", "))),
                );
                None
            }
            _ => {
                self.milestone_exists(entry, args, sections);
                let delay = match (delay, args.get("delay")) {
                    (None, _) => (Span::ZERO, Span::ZERO),
                    (Some(_), Some(Value::Spans(low, high))) => (*low, *high),
                    (Some(_), _) => return None, // The reader of its shape has said so.
                };
                Trigger::from_args(args).map(|trigger| Start::When(trigger, delay))
            }
        }
    }

    /// That the milestone after which a fault strikes is one of the protocol's.
    fn milestone_exists(&mut self, entry: &Entry, args: &Args, sections: &Sections) {
        let (Some(raw), Some(protocol)) = (entry.value.get("after"), sections.protocol) else { return };
        let Some(Value::Text(name)) = args.get("after") else { return }; // The reader of its shape has said so.
        if protocol.milestones.iter().all(|milestone| milestone.name != *name) {
            let known = protocol.milestones.iter().map(|milestone| milestone.name);
            let error = raw.error(format!("{} has no milestone `{name}`", protocol.name));
            self.error(error.help(suggest(name, known)));
        }
    }

    /// That only a fault with a trigger speaks of what has set it off.
    fn judge_subject(&mut self, kind: &FaultType, raw: &Raw, args: &Args, start: &Start) {
        let (Start::At(_) | Start::Every(..)) = start else { return };
        for param in kind.params {
            let speaks = match args.get(param.name) {
                Some(Value::Target(target)) => target.speaks_of_trigger(),
                Some(Value::Groups(groups)) => groups.iter().any(|group| group.speaks_of_trigger()),
                _ => false,
            };
            if let (true, Some(raw)) = (speaks, raw.get(param.name)) {
                let error = raw.error("nothing sets this fault off but time");
                self.error(error.help("`it` and `sender` belong to faults with `when`, `after` or `on-message`"));
            }
        }
    }

    /// How long it lasts, if it can.
    fn judge_lasting(&mut self, kind: &FaultType, raw: &Raw, args: &Args) {
        let permanent = raw.entry("permanent").filter(|_| matches!(args.get("permanent"), Some(Value::Flag(true))));
        for entry in [raw.entry("for"), permanent].into_iter().flatten().filter(|_| kind.instantaneous) {
            let error = ParamError::new(entry.at.clone(), format!("`{}` on a fault that is over at once", entry.key));
            self.error(error.help(format!("`{}` cannot be undone: leave `{}` out", kind.name, entry.key)));
        }
        if let (Some(lasting), Some(_), false) = (raw.entry("for"), permanent, kind.instantaneous) {
            let error = ParamError::new(lasting.at.clone(), "`for` on a permanent fault");
            self.error(error.help("a permanent fault is not undone: leave one of them out"));
        }
    }

    /// That it can strike at all: before the end, before the heal, and in a window that is not empty.
    fn judge_window(&mut self, raw: &Raw, args: &Args, sections: &Sections) {
        if raw.get("at").is_some() {
            for entry in ["since", "until", "times"].iter().filter_map(|name| raw.entry(name)) {
                let error = ParamError::new(entry.at.clone(), format!("`{}` beside `at`", entry.key));
                self.error(error.help("a fault with `at` strikes once, at that time"));
            }
        }
        let (heal, end) = (heal_at(sections), span(&sections.top, "duration"));
        // At one instant the heal comes first, and after it only a permanent fault still strikes.
        let permanent = args.get("permanent") == Some(&Value::Flag(true));
        for name in ["at", "since", "until"] {
            let (Some(at), Some(raw)) = (span(args, name), raw.get(name)) else { continue };
            if let Some(end) = end.filter(|end| at > *end) {
                self.error(raw.error(format!("{at} is after the end of the run at {end}")));
            } else if let Some(heal) = heal.filter(|heal| at > *heal || (at == *heal && name == "at" && !permanent)) {
                self.error(raw.error(format!("{at} is not before the heal at {heal}, which ends all faults")));
            }
        }
        if let (Some(from), Some(until), Some(raw)) = (span(args, "since"), span(args, "until"), raw.get("until"))
            && until < from
        {
            self.error(raw.error(format!("`until` is before `since`, which is {from}")));
        }
    }
}

fn belongs_inside(kind: &FaultType, key: &str) -> bool {
    kind.params.iter().chain(SCHEDULE).any(|param| param.name == key)
}

fn heal_at(sections: &Sections) -> Option<Span> {
    span(sections.heal.as_ref()?, "at")
}

/// The table of a fault, as if it stood at its key: there what is missing in it is reported.
fn placed_at_key(entry: &Entry) -> Raw {
    match &entry.value.kind {
        RawKind::Table(_) => Raw { at: entry.at.clone(), ..entry.value.clone() },
        _ => entry.value.clone(),
    }
}
