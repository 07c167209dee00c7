//! The Synod as scenarios see it.

use shaketable_sim::param::{Args, ParamError};
use shaketable_sim::plan::Plan;
use shaketable_sim::spec::any::Any;

use super::Synod;
use super::bugs::{BUGS, Planted, planted};
use super::config::{Config, PARAMS, unservable};
use super::invariants::PROPERTIES;
use super::{milestones, swarm};
use crate::run::{Errand, Kind, fork, run};
use crate::tamper::{Setup, Tampered};
use crate::{Bug, Protocol};

/// The Synod's place in the catalogue.
pub const SYNOD: Protocol = Protocol {
    name: "synod",
    doc: "single-decree Paxos, its three roles apart: each object is decided once, without a leader (Lamport 2001, §2; 1998, §2)",
    tolerates: "fewer than half of the nodes down, cut off or with a disk that was lost or has rotted (but not in the newest record, \
                which then looks like a torn one); any loss, delay, doubling and reordering of messages; any clocks",
    notation: "`18.n3` is a ballot, round 18 of n3",
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
    let mut errors = Config::from_args(args).err().unwrap_or_default();
    errors.extend(unservable(plan));
    errors
}

/// What runs of it.
struct Nodes;

impl Kind for Nodes {
    fn with<E: Errand>(_: &Plan, args: &Args, bug: Option<&'static Bug>, errand: E) -> E::Done {
        let config = Config::from_args(args).expect("the loader has checked the parameters");
        let how = bug.map(|bug| planted(bug.name).expect("the Synod is run with bugs of its own"));
        match how {
            None => errand.go::<Synod<Any>>(&config),
            Some(Planted::Rules(rules)) => errand.go::<Synod<Any>>(&config.with_rules(rules)),
            Some(Planted::Effects(tamper)) => errand.go::<Tampered<Synod<Any>>>(&Setup { inner: config, tamper }),
        }
    }
}
