//! Multi-Paxos as scenarios see it.

use shaketable_sim::param::{Args, ParamError};
use shaketable_sim::plan::Plan;
use shaketable_sim::spec::any::Any;

use super::Paxos;
use super::bugs::{BUGS, Planted, planted};
use super::config::{Config, PARAMS};
use super::invariants::PROPERTIES;
use super::{milestones, swarm};
use crate::run::{Errand, Kind, fork, run};
use crate::tamper::{Setup, Tampered};
use crate::{Bug, Protocol};

/// Multi-Paxos' place in the catalogue.
pub const PAXOS: Protocol = Protocol {
    name: "paxos",
    doc: "Multi-Paxos: a log whose every slot is decided by Paxos, under a stable leader (Lamport 2001; van Renesse & Altinbuken 2015)",
    tolerates: "fewer nodes down, cut off or with a disk that was lost or has rotted than leave a quorum of both phases (half, unless \
                quorums are set); any loss, delay, doubling and reordering of messages; any clocks, but with leases \
                only such as drift within the bound",
    notation: "`18.n3` is a ballot, round 18 of n3; epochs are rounds",
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

fn check(args: &Args, plan: &Plan) -> Vec<(&'static str, ParamError)> {
    Config::from_args(args, plan.nodes).err().unwrap_or_default()
}

/// What runs of it.
struct Nodes;

impl Kind for Nodes {
    fn with<E: Errand>(plan: &Plan, args: &Args, bug: Option<&'static Bug>, errand: E) -> E::Done {
        let config = Config::from_args(args, plan.nodes).expect("the loader has checked the parameters");
        let how = bug.map(|bug| planted(bug.name).expect("Paxos is run with bugs of its own"));
        match how {
            None => errand.go::<Paxos<Any>>(&config),
            Some(Planted::Rules(rules)) => errand.go::<Paxos<Any>>(&config.with_rules(rules)),
            Some(Planted::Effects(tamper)) => errand.go::<Tampered<Paxos<Any>>>(&Setup { inner: config, tamper }),
        }
    }
}
