//! Raft as scenarios see it.

use shaketable_sim::param::{Args, ParamError};
use shaketable_sim::plan::Plan;
use shaketable_sim::spec::any::Any;

use super::Raft;
use super::bugs::{BUGS, Planted, planted};
use super::config::{Config, PARAMS};
use super::invariants::PROPERTIES;
use super::{milestones, swarm};
use crate::run::{Errand, Kind, fork, run};
use crate::tamper::{Setup, Tampered};
use crate::{Bug, Protocol};

/// Raft's place in the catalogue.
pub const RAFT: Protocol = Protocol {
    name: "raft",
    doc: "Raft: a log replicated by an elected leader (Ongaro & Ousterhout 2014)",
    tolerates: "fewer than half of the nodes down, cut off or with a disk that was lost or has rotted (but not in the newest record, which then looks like a torn one); any loss, delay, doubling \
                and reordering of messages; any clocks, but with leases only such as drift within the bound",
    notation: "`37@2` is entry 37 of the log, from term 2",
    bears: swarm::bears,
    params: PARAMS,
    dials: swarm::DIALS,
    messages: swarm::MESSAGES,
    properties: PROPERTIES,
    milestones: milestones::ALL,
    bugs: BUGS,
    check,
    run: run::<Nodes>,
    fork: fork::<Nodes>,
};

fn check(args: &Args, _: &Plan) -> Vec<(&'static str, ParamError)> {
    Config::from_args(args).err().unwrap_or_default()
}

/// What runs of it.
struct Nodes;

impl Kind for Nodes {
    fn with<E: Errand>(_: &Plan, args: &Args, bug: Option<&'static Bug>, errand: E) -> E::Done {
        let config = Config::from_args(args).expect("the loader has checked the parameters");
        let how = bug.map(|bug| planted(bug.name).expect("Raft is run with bugs of its own"));
        match how {
            None => errand.go::<Raft<Any>>(&config),
            Some(Planted::Rules(rules)) => errand.go::<Raft<Any>>(&config.with_rules(rules)),
            Some(Planted::Effects(tamper)) => errand.go::<Tampered<Raft<Any>>>(&Setup { inner: config, tamper }),
        }
    }
}
