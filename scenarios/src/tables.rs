//! What a scenario file can say: its sections, and the protocols, faults and workloads that it can name.
//!
//! The loader, the JSON Schema and the texts of `list` and `explain` all follow from these tables.

use shaketable_protocols::{CATALOGUE, Protocol};
use shaketable_sim::faults::{FAULTS, FaultType};
use shaketable_sim::node::Milestone;
use shaketable_sim::param::{Default, Literal, Param, Shape};
use shaketable_sim::plan::{CHECK, CLIENTS, CLOCK, DISK, HEAL, LIMITS, NETWORK};
use shaketable_sim::run::Coverage;
use shaketable_sim::swarm::SWARM;
use shaketable_sim::workload::{WORKLOADS, WorkloadType};

/// Everything that a scenario can name.
#[derive(Clone, Copy)]
pub(crate) struct Tables {
    /// What can run.
    pub(crate) protocols: &'static [Protocol],
    /// What can go wrong.
    pub(crate) faults: &'static [FaultType],
    /// What clients can ask for.
    pub(crate) workloads: &'static [WorkloadType],
}

impl Tables {
    /// What this tool ships.
    pub(crate) fn shipped() -> Tables {
        Tables { protocols: CATALOGUE, faults: FAULTS, workloads: WORKLOADS }
    }

    /// The protocol of this name.
    pub(crate) fn protocol(&self, name: &str) -> Option<&'static Protocol> {
        self.protocols.iter().find(|protocol| protocol.name == name)
    }

    /// The kind of fault of this name.
    pub(crate) fn fault(&self, name: &str) -> Option<&'static FaultType> {
        self.faults.iter().find(|fault| fault.name == name)
    }

    /// The workload of this name.
    pub(crate) fn workload(&self, name: &str) -> Option<&'static WorkloadType> {
        self.workloads.iter().find(|workload| workload.name == name)
    }

    /// All that can follow `protocol =`: each protocol, right and with each of its bugs.
    pub(crate) fn protocol_names(&self) -> Vec<String> {
        let with_bugs = |protocol: &Protocol| {
            let bugs = protocol.bugs.iter().map(|bug| format!("{}/{}", protocol.name, bug.name));
            std::iter::once(protocol.name.to_owned()).chain(bugs).collect::<Vec<_>>()
        };
        self.protocols.iter().flat_map(with_bugs).collect()
    }
}

/// All checks, by the first part of the signatures of what they find.
pub(crate) static CHECKS: &[(&str, &str)] = &[
    (
        "linearizability",
        "what the clients saw could have happened one operation at a time, each between its question and its answer",
    ),
    ("invariant", "the protocol's own properties hold in every state that its nodes reach"),
    (
        "liveness",
        "after the heal every client is served and every node catches up within the bound; time does not stand still",
    ),
    ("panic", "no node panics"),
];

/// A table of a scenario file.
pub(crate) struct Section {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is about, in a sentence.
    pub(crate) doc: &'static str,
    /// What can be written in it.
    pub(crate) params: &'static [Param],
}

/// All tables but those of the protocols and the list of faults.
pub(crate) static SECTIONS: &[Section] = &[
    Section { name: "network", doc: "how messages travel when nothing is wrong", params: NETWORK },
    Section { name: "disk", doc: "how disks behave when nothing is wrong", params: DISK },
    Section { name: "clock", doc: "how wrong clocks are from the beginning", params: CLOCK },
    Section { name: "clients", doc: "who asks for what; the workload's own keys stand here too", params: CLIENTS },
    Section {
        name: "heal",
        doc: "when the trouble ends, and how long the cluster then has to recover; without it nothing ends and progress is not checked",
        params: HEAL,
    },
    Section {
        name: "swarm",
        doc: "what each seed draws for itself, within what the protocol tolerates; without this table nothing",
        params: SWARM,
    },
    Section { name: "check", doc: "what is checked", params: CHECK },
    Section {
        name: "limits",
        doc: "what a run may cost before it is inconclusive; counted, so that the verdict is the same everywhere",
        params: LIMITS,
    },
    Section { name: "expect", doc: "what must come of the scenario", params: EXPECT },
    Section {
        name: "recorded",
        doc: "what a saved case remembers of the run that it was saved from; written by the tool",
        params: RECORDED,
    },
];

/// The section of this name.
pub(crate) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

/// What stands at the top of a file, before the first table.
pub(crate) static TOP: &[Param] = &[
    Param {
        name: "protocol",
        shape: Shape::Text,
        default: Default::Required,
        doc: "what runs; with a planted bug as \"raft/forgets-vote\"",
    },
    Param { name: "nodes", shape: Shape::Count(1, 100), default: Default::Required, doc: "how many nodes" },
    Param { name: "duration", shape: Shape::Span, default: Default::Required, doc: "for how long, in simulated time" },
    Param {
        name: "seeds",
        shape: Shape::Text,
        default: Default::Absent,
        doc: "which seeds, the last one excluded: \"0..200\"; 100 or as many as the expected violation needs unless written",
    },
];

/// `[expect]`.
pub(crate) static EXPECT: &[Param] = &[
    Param {
        name: "verdict",
        shape: Shape::ChoiceOrTable(&[("pass", "every seed passes")], VIOLATION),
        default: Default::Value(Literal::Text("pass")),
        doc: "\"pass\", or the violation that some seed must show",
    },
    Param {
        name: "reach",
        shape: Shape::Table(REACH),
        default: Default::Absent,
        doc: "what the runs must have exercised at least, summed over all seeds, the milestones of the protocol included: a green run that tested nothing is red",
    },
];

/// `verdict = { … }`.
static VIOLATION: &[Param] = &[
    Param {
        name: "violation",
        shape: Shape::Text,
        default: Default::Required,
        doc: "what must not hold: \"linearizability\", \"liveness\", \"panic\", \"invariant\" or one of them, as \"invariant/election-safety\"",
    },
    Param {
        name: "within-seeds",
        shape: Shape::Count(1, u64::MAX),
        default: Default::Absent,
        doc: "among how many seeds, from the first, it must show; among all unless written",
    },
];

/// `reach = { … }`: the milestones of a protocol, beside what stands in the table for every one.
pub(crate) fn milestones(protocol: &Protocol) -> Vec<Param> {
    let count = |milestone: &Milestone| Param { name: milestone.name, doc: milestone.doc, ..COUNT };
    protocol.milestones.iter().map(count).collect()
}

/// A number of `reach`.
const COUNT: Param = Param { name: "", shape: Shape::Count(1, u64::MAX), default: Default::Absent, doc: "" };

/// `reach = { … }`: the names of [`Coverage`].
pub(crate) static REACH: &[Param] = &{
    let mut params = [COUNT; Coverage::NAMES.len()];
    let mut index = 0;
    while index < params.len() {
        (params[index].name, params[index].doc) = Coverage::NAMES[index];
        index += 1;
    }
    params
};

/// `[recorded]`.
static RECORDED: &[Param] = &[
    Param { name: "seed", shape: Shape::Count(0, u64::MAX), default: Default::Required, doc: "the seed of the run" },
    Param {
        name: "digest",
        shape: Shape::Text,
        default: Default::Required,
        doc: "the digest of all its events and effects, as 16 hexadecimal digits",
    },
    Param { name: "version", shape: Shape::Text, default: Default::Required, doc: "the version of the tool" },
    Param { name: "signature", shape: Shape::Text, default: Default::Required, doc: "what came of it" },
    Param {
        name: "scenario",
        shape: Shape::Text,
        default: Default::Absent,
        doc: "the file of the scenario that the run came of",
    },
    Param {
        name: "shrunk-from",
        shape: Shape::Text,
        default: Default::Absent,
        doc: "the digest of the run that it was made smaller from",
    },
    Param {
        name: "acted",
        shape: Shape::Names,
        default: Default::Absent,
        doc: "how often each fault of the file did something, in their order, each as \"KIND ×TIMES\"",
    },
    Param {
        name: "messages",
        shape: Shape::Names,
        default: Default::Absent,
        doc: "the messages that were sent, each line as \"FROM→TO KIND eEPOCH ×COUNT, …\": by these a replay that differs is compared",
    },
    Param {
        name: "checkpoints",
        shape: Shape::Names,
        default: Default::Absent,
        doc: "the digest along the way, each as \"EVENTS TIME DIGEST\": where a replay that differs left the road",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shaketable_sim::faults::SCHEDULE;
    use shaketable_sim::param::Args;

    use super::*;

    /// That no name is declared twice in what stands in one table, and that defaults have the shape of their parameters.
    fn is_sound(place: &str, params: &[&'static [Param]]) {
        let mut names = BTreeSet::new();
        for table in params {
            let given = table.iter().filter(|param| matches!(param.default, Default::Value(_))).count();
            assert_eq!(Args::defaults(table).iter().count(), given, "{place}");
            for param in *table {
                assert!(names.insert(param.name), "`{}` is declared twice in {place}", param.name);
                if let Shape::Table(inner) | Shape::ChoiceOrTable(_, inner) = param.shape {
                    is_sound(param.name, &[inner]);
                }
            }
        }
    }

    #[test]
    fn no_table_declares_a_name_twice() {
        let tables = Tables::shipped();
        is_sound("the top", &[TOP]);
        SECTIONS.iter().for_each(|section| is_sound(section.name, &[section.params]));
        tables.faults.iter().for_each(|kind| is_sound(kind.name, &[kind.params, SCHEDULE]));
        tables.workloads.iter().for_each(|workload| is_sound(workload.name, &[workload.params, CLIENTS]));
        tables.protocols.iter().for_each(|protocol| is_sound(protocol.name, &[protocol.params]));
    }

    #[test]
    fn no_two_tables_of_a_file_have_the_same_name() {
        let tables = Tables::shipped();
        let mut names = BTreeSet::from(["fault"]);
        let top = TOP.iter().map(|param| param.name);
        let others = SECTIONS.iter().map(|section| section.name);
        for name in top.chain(others).chain(tables.protocols.iter().map(|protocol| protocol.name)) {
            assert!(names.insert(name), "`{name}` has two meanings at the top of a file");
        }
    }

    #[test]
    fn every_bug_is_caught_by_a_check_that_there_is() {
        for protocol in Tables::shipped().protocols {
            for bug in protocol.bugs {
                let (check, property) = bug.caught_by.split_once('/').unwrap_or((bug.caught_by, ""));
                assert!(CHECKS.iter().any(|(name, _)| *name == check), "{}: {}", bug.name, bug.caught_by);
                let known = protocol.properties.iter().any(|known| known.name == property);
                assert!(check != "invariant" || property.is_empty() || known, "{}: {}", bug.name, bug.caught_by);
            }
        }
    }
}
