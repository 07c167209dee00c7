//! What is wrong with values that are each right by themselves.

use shaketable_protocols::Protocol;
use shaketable_sim::faults::target::Target;
use shaketable_sim::id::Endpoint;
use shaketable_sim::param::{Args, Param, ParamError, Raw, RawKind, Shape, Value, suggest};
use shaketable_sim::plan::Plan;
use shaketable_sim::script::Scripted;
use shaketable_sim::time::{Instant, Span};
use shaketable_sim::workload::WorkloadType;

use super::sections::Sections;
use super::{Reading, span};

impl Reading<'_> {
    /// Compares the sections with each other, as far as their values could be read.
    pub(super) fn judge(
        &mut self,
        sections: &Sections,
        protocol: Option<&'static Protocol>,
        workload: Option<&'static WorkloadType>,
    ) {
        let root = self.root;
        if let (Some(heal), Some(raw), Some(end)) = (&sections.heal, root.get("heal"), span(&sections.top, "duration"))
        {
            self.judge_heal(heal, raw, end);
        }
        if let (Some(workload), Some(raw)) = (workload, root.get("clients")) {
            self.judge_clients(sections, workload, raw);
        }
        let Some(protocol) = protocol else { return };
        if let Some(raw) = root.get(protocol.name) {
            self.endpoints_exist(protocol.params, raw, sections);
        }
        if let Some(raw) = root.get("check").and_then(|check| check.get("invariants")) {
            self.judge_invariants(protocol, raw);
        }
    }

    /// Asks the protocol whether its parameters fit together and into the plan.
    pub(super) fn judge_together(&mut self, protocol: &Protocol, config: &Args, plan: &Plan) {
        let table = self.root.entry(protocol.name);
        for (name, error) in (protocol.check)(config, plan) {
            let written = table.and_then(|table| table.value.get(name)).map(|value| &value.at);
            let at = written.or(table.map(|table| &table.at)).or(self.root.get("protocol").map(|name| &name.at));
            self.errors.push(ParamError { at: at.cloned().unwrap_or(0..0), ..error });
        }
    }

    /// That every node and client that is named in a table is there.
    pub(super) fn endpoints_exist(&mut self, params: &[Param], raw: &Raw, sections: &Sections) {
        for param in params {
            let Some(value) = raw.get(param.name) else { continue };
            match param.shape {
                Shape::Target | Shape::Nodes | Shape::Groups => self.endpoints_in(value, sections),
                Shape::Table(params) | Shape::ChoiceOrTable(_, params) => self.endpoints_exist(params, value, sections),
                _ => {}
            }
        }
    }

    fn endpoints_in(&mut self, raw: &Raw, sections: &Sections) {
        match &raw.kind {
            RawKind::List(items) => items.iter().for_each(|item| self.endpoints_in(item, sections)),
            RawKind::Text(text) => {
                let Ok(target) = text.parse::<Target>() else { return }; // The reader of its shape has said so.
                target.mentions().into_iter().for_each(|endpoint| self.exists(raw, endpoint, sections));
            }
            _ => {}
        }
    }

    fn exists(&mut self, raw: &Raw, endpoint: Endpoint, sections: &Sections) {
        let (what, letter, index, count) = match endpoint {
            Endpoint::Node(node) => ("node", 'n', node.index(), sections.nodes()),
            Endpoint::Client(client) => ("client", 'c', client.index(), sections.client_count()),
        };
        if let Some(count) = count.filter(|count| index as u64 >= *count) {
            let there_are = match count {
                1 => format!("the only {what} is `{letter}1`"),
                _ => format!("the {what}s are `{letter}1` to `{letter}{count}`"),
            };
            self.error(raw.error(format!("there is no {what} `{endpoint}`")).help(there_are));
        }
    }

    fn judge_heal(&mut self, heal: &Args, raw: &Raw, end: Span) {
        let (Some(at), Some(within)) = (span(heal, "at"), span(heal, "within")) else { return };
        let place = |key| raw.get(key).unwrap_or(raw);
        if at >= end {
            let error = place("at").error(format!("the heal at {at} is not before the end of the run at {end}"));
            self.error(error.help("raise `duration`, or heal earlier"));
        } else if at + within > end {
            let error = place("within")
                .error(format!("the time to recover ends at {}, after the end of the run at {end}", at + within));
            self.error(error.help(format!("raise `duration`, or allow at most {}", end - at)));
        }
    }

    fn judge_clients(&mut self, sections: &Sections, workload: &WorkloadType, raw: &Raw) {
        let weight = |param: &Param| match sections.clients.get(param.name) {
            Some(Value::Count(count)) => *count,
            _ => 0,
        };
        let total: u64 = workload.weights().map(weight).sum();
        if total > 100 {
            let last = workload.weights().filter_map(|param| raw.entry(param.name)).max_by_key(|entry| entry.at.start);
            let parts: Vec<String> =
                workload.weights().map(|param| format!("`{}` is {}", param.name, weight(param))).collect();
            let place = last.map_or(raw, |entry| &entry.value);
            let error = place.error(format!("the weights of `{}` add up to {total}, more than 100", workload.name));
            self.error(error.help(parts.join(", ")));
        }
        if let Some(script) = raw.get("script") {
            self.judge_script(script, sections, workload, raw);
        }
        let (Some(start), Some(end)) = (span(&sections.clients, "start"), span(&sections.top, "duration")) else {
            return;
        };
        if start >= end {
            let place = raw.get("start").unwrap_or(raw);
            self.error(place.error(format!("the clients start at {start}, not before the end of the run at {end}")));
        }
    }

    fn judge_script(&mut self, script: &Raw, sections: &Sections, workload: &WorkloadType, clients: &Raw) {
        let open = matches!(sections.clients.get("loop"), Some(Value::Choice("open")));
        let drawn = workload.params.iter().map(|param| param.name).chain(["pause"]).chain(open.then_some("loop"));
        // A saved case was not written by anybody who could mean something by it.
        for name in drawn.filter(|_| self.root.get("recorded").is_none()) {
            if let Some(raw) = clients.get(name) {
                let error =
                    raw.error(format!("`{name}` says how operations are drawn: beside a script it says nothing"));
                self.error(error.help(format!("leave `{name}` out")));
            }
        }
        let lines = match &script.kind {
            RawKind::List(lines) => lines,
            _ => std::slice::from_ref(script),
        };
        for raw in lines {
            let RawKind::Text(line) = &raw.kind else { continue };
            match Scripted::read(line, workload) {
                Err(wrong) => self.error(raw.error(wrong.message).help(wrong.allowed)),
                Ok(line) => {
                    self.exists(raw, Endpoint::Client(line.client), sections);
                    line.to.into_iter().for_each(|to| self.exists(raw, Endpoint::Node(to), sections));
                    if let Some(end) = span(&sections.top, "duration").filter(|end| line.at > Instant::ZERO + *end) {
                        self.error(raw.error(format!("{} is after the end of the run at {end}", line.at)));
                    }
                }
            }
        }
    }

    fn judge_invariants(&mut self, protocol: &Protocol, raw: &Raw) {
        let known: Vec<&str> = protocol.properties.iter().map(|property| property.name).collect();
        self.judge_names(raw, &known, |given| format!("`{}` has no invariant `{given}`", protocol.name));
    }

    /// That a list, or a single name, names what there is; or that it is `all` or `none`. `says` is what is wrong with another.
    pub(super) fn judge_names(&mut self, raw: &Raw, known: &[&'static str], says: impl Fn(&str) -> String) {
        let words = ["all", "none"];
        let (names, alone): (&[Raw], bool) = match &raw.kind {
            RawKind::List(names) => (names, false),
            _ => (std::slice::from_ref(raw), true),
        };
        for name in names {
            let RawKind::Text(given) = &name.kind else { continue };
            if words.contains(&given.as_str()) && !alone {
                self.error(
                    name.error(format!("`{given}` in a list")).help(format!("write `\"{given}\"` without a list")),
                );
            } else if !words.contains(&given.as_str()) && known.iter().all(|known| known != given) {
                let help = suggest(given, known.iter().copied().chain(words));
                self.error(name.error(says(given)).help(help));
            }
        }
    }
}
