//! The tables of a file, each read by its declaration.

use shaketable_protocols::{Bug, Protocol};
use shaketable_sim::faults::SCHEDULE;
use shaketable_sim::param::{Args, Entry, Param, ParamError, Raw, RawKind, Value, suggest};
use shaketable_sim::plan::{CLIENTS, CheckPlan, ClientPlan, ClockPlan, DiskPlan, Heal, Limits, NetworkPlan, Plan};
use shaketable_sim::workload::WorkloadType;

use super::Reading;
use crate::tables::{SECTIONS, TOP, milestones, section};

/// What the tables say, value by value. A value that could not be read is missing.
pub(super) struct Sections {
    pub(super) protocol: Option<&'static Protocol>,
    pub(super) top: Args,
    pub(super) config: Args,
    pub(super) network: Args,
    pub(super) disk: Args,
    pub(super) clock: Args,
    pub(super) clients: Args,
    pub(super) heal: Option<Args>,
    pub(super) check: Args,
    pub(super) limits: Args,
}

/// The name under which the faults stand.
const FAULT: &str = "fault";

impl Sections {
    /// The plan, without its faults.
    ///
    /// # Panics
    /// If a value is missing.
    pub(super) fn plan(&self, workload: &WorkloadType) -> Plan {
        Plan {
            nodes: self.top.count("nodes") as usize,
            duration: self.top.span("duration"),
            network: NetworkPlan::from_args(&self.network),
            disk: DiskPlan::from_args(&self.disk),
            clock: ClockPlan::from_args(&self.clock),
            clients: ClientPlan::from_args(&self.clients, workload),
            faults: Vec::new(),
            heal: self.heal.as_ref().map(Heal::from_args),
            check: CheckPlan::from_args(&self.check),
            limits: Limits::from_args(&self.limits),
            states: false,
            fork: None,
        }
    }

    /// How many nodes there are, if that is known.
    pub(super) fn nodes(&self) -> Option<u64> {
        count(&self.top, "nodes")
    }

    /// How many clients there are, if that is known.
    pub(super) fn client_count(&self) -> Option<u64> {
        count(&self.clients, "count")
    }
}

fn count(args: &Args, name: &str) -> Option<u64> {
    match args.get(name) {
        Some(Value::Count(count)) => Some(*count),
        _ => None,
    }
}

impl Reading<'_> {
    /// Reads every table but the faults and what is expected of them.
    pub(super) fn sections(
        &mut self,
        protocol: Option<&'static Protocol>,
        workload: Option<&'static WorkloadType>,
    ) -> Sections {
        let top = self.top();
        let config = protocol.map_or_else(Args::default, |protocol| self.protocol_table(protocol));
        Sections {
            protocol,
            top,
            config,
            network: self.section("network"),
            disk: self.section("disk"),
            clock: self.section("clock"),
            clients: self.clients(workload),
            heal: self.root.get("heal").is_some().then(|| self.section("heal")),
            check: self.section("check"),
            limits: self.section("limits"),
        }
    }

    /// Reads a table of [`SECTIONS`]; an empty one if it is not written.
    pub(super) fn section(&mut self, name: &str) -> Args {
        let params = section(name).expect("all sections are in the table").params;
        let written = self.written(name);
        self.table(name, &[params], &written)
    }

    /// What runs, and what is wrong with it on purpose.
    pub(super) fn protocol(&mut self) -> Option<(&'static Protocol, Option<&'static Bug>)> {
        let raw = self.root.get("protocol")?;
        let RawKind::Text(given) = &raw.kind else { return None };
        let (name, bug) = match given.split_once('/') {
            Some((name, bug)) => (name, Some(bug)),
            None => (given.as_str(), None),
        };
        let Some(protocol) = self.tables.protocol(name) else {
            let help = suggest(name, self.tables.protocols.iter().map(|protocol| protocol.name));
            self.error(raw.error(format!("unknown protocol `{name}`")).help(help));
            return None;
        };
        let Some(given) = bug else { return Some((protocol, None)) };
        let bug = protocol.bugs.iter().find(|bug| bug.name == given);
        if bug.is_none() {
            let help = suggest(given, protocol.bugs.iter().map(|bug| bug.name));
            self.error(raw.error(format!("`{name}` has no planted bug `{given}`")).help(help));
        }
        Some((protocol, bug))
    }

    /// What clients ask for.
    pub(super) fn workload(&mut self) -> Option<&'static WorkloadType> {
        let defaults = Args::defaults(CLIENTS);
        let (name, at) = match self.root.get("clients").and_then(|clients| clients.get("workload")) {
            None => (defaults.text("workload"), self.root),
            Some(raw @ Raw { kind: RawKind::Text(name), .. }) => (name.as_str(), raw),
            Some(_) => return None,
        };
        let found = self.tables.workload(name);
        if found.is_none() {
            let help = suggest(name, self.tables.workloads.iter().map(|workload| workload.name));
            self.error(at.error(format!("unknown workload `{name}`")).help(help));
        }
        found
    }

    /// Where a key belongs that is unknown in the table `here`.
    pub(super) fn belongs(&self, key: &str, here: &str) -> Option<String> {
        let has = |params: &[Param]| params.iter().any(|param| param.name == key);
        let mut places = Vec::new();
        if !here.is_empty() && has(TOP) {
            places.push("at the top of the file, before the first table".to_owned());
        }
        // Nobody writes a record by hand: who writes `seed` means `seeds`.
        let written = SECTIONS.iter().filter(|section| section.name != "recorded");
        let sections = written.map(|section| (section.name, section.params));
        let protocols = self.tables.protocols.iter().map(|protocol| (protocol.name, protocol.params));
        for (name, params) in sections.chain(protocols) {
            if name != here && has(params) {
                places.push(format!("in `[{name}]`"));
            }
        }
        for workload in self.tables.workloads.iter().filter(|workload| has(workload.params)) {
            places.push(format!("in `[clients]`, with `workload = \"{}\"`", workload.name));
        }
        for protocol in self.tables.protocols.iter().filter(|protocol| has(&milestones(protocol))) {
            places.push(format!("in `reach` where `{}` runs", protocol.name));
        }
        if has(SCHEDULE) {
            places.push("in the table of a fault".to_owned());
        }
        if self.tables.fault(key).is_some() {
            places.push("in a `[[fault]]`".to_owned());
        }
        (!places.is_empty()).then(|| format!("`{key}` belongs {}", places.join(" or ")))
    }

    /// What is written of a table, or an empty one.
    pub(super) fn written(&mut self, name: &str) -> Raw {
        let empty = Raw { at: 0..0, kind: RawKind::Table(Vec::new()) };
        match self.root.get(name) {
            Some(Raw { at, kind: RawKind::List(_) }) => {
                let error = ParamError::new(at.clone(), format!("`{name}` is one table, not a list of them"));
                self.error(error.help(format!("write `[{name}]`")));
                empty
            }
            Some(written) => written.clone(),
            None => empty,
        }
    }

    /// Reads what stands before the first table, and refuses unknown tables.
    fn top(&mut self) -> Args {
        let is_table = |entry: &&Entry| {
            let name = entry.key.as_str();
            name == FAULT || section(name).is_some() || self.tables.protocol(name).is_some()
        };
        let keys = self.root.entries().iter().filter(|entry| !is_table(entry));
        let (tables, keys): (Vec<&Entry>, Vec<&Entry>) = keys.partition(|entry| {
            let declared = TOP.iter().any(|param| param.name == entry.key);
            !declared && matches!(&entry.value.kind, RawKind::Table(_))
        });
        for entry in tables {
            let known = SECTIONS.iter().map(|section| section.name).chain([FAULT]);
            let known: Vec<&str> = known.chain(self.tables.protocols.iter().map(|protocol| protocol.name)).collect();
            let help = self.belongs(&entry.key, "").unwrap_or_else(|| suggest(&entry.key, known.iter().copied()));
            self.error(ParamError::new(entry.at.clone(), format!("unknown table `{}`", entry.key)).help(help));
        }
        let keys = keys.into_iter().cloned().collect();
        self.table("", &[TOP], &Raw { at: self.root.at.clone(), kind: RawKind::Table(keys) })
    }

    /// Reads the protocol's own table, and refuses those of others.
    fn protocol_table(&mut self, protocol: &'static Protocol) -> Args {
        let others = self.tables.protocols.iter().filter(|other| other.name != protocol.name);
        for entry in others.filter_map(|other| self.root.entry(other.name)) {
            let error = ParamError::new(entry.at.clone(), format!("a table for `{}`", entry.key));
            self.errors.push(error.help(format!("this scenario runs `{}`", protocol.name)));
        }
        let written = self.written(protocol.name);
        self.table(protocol.name, &[protocol.params], &written)
    }

    /// Reads `[clients]`. Of an unknown workload any workload's keys may be meant.
    fn clients(&mut self, workload: Option<&'static WorkloadType>) -> Args {
        let raw = self.written("clients");
        match workload {
            Some(workload) => self.table("clients", &[CLIENTS, workload.params], &raw),
            None => {
                let all = self.tables.workloads.iter().map(|workload| workload.params);
                self.table("clients", &std::iter::once(CLIENTS).chain(all).collect::<Vec<_>>(), &raw)
            }
        }
    }
}
