//! The store as scenarios see it.

use shaketable_sim::param::{Args, ParamError};
use shaketable_sim::plan::Plan;
use shaketable_sim::spec::any::Any;

use super::Dynamo;
use super::bugs::{BUGS, Planted, planted};
use super::config::{Config, PARAMS, unservable};
use super::invariants::PROPERTIES;
use super::{milestones, swarm};
use crate::run::{Errand, Kind, fork, run};
use crate::tamper::{Setup, Tampered};
use crate::{Bug, Protocol};

/// The store's place in the catalogue.
pub const DYNAMO: Protocol = Protocol {
    name: "dynamo",
    doc: "consistent-hash nodes: a store that can always be written, with sloppy quorums, hints and siblings (DeCandia et al. 2007)",
    tolerates: "any nodes down or cut off: a key is served while R and W nodes can be reached, whether they own it or not; fewer than W nodes with a disk that was \
                lost or has rotted; any changes of the ring; any loss, delay, doubling and reordering of messages, but that none is under way for as long as the grace of tombstones, if \
                they are collected; any clocks, but where the last writer is to win. It is not linearizable",
    notation: "`142@n4` is a version, which n4 has given the number 142; `142@n4.140` one that n4 has made standing in for an owner, since its number 140",
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
    errors.extend(unservable(args, plan));
    errors
}

/// What runs of it.
struct Nodes;

impl Kind for Nodes {
    fn with<E: Errand>(_: &Plan, args: &Args, bug: Option<&'static Bug>, errand: E) -> E::Done {
        let config = Config::from_args(args).expect("the loader has checked the parameters");
        let how = bug.map(|bug| planted(bug.name).expect("the store is run with bugs of its own"));
        match how {
            None => errand.go::<Dynamo<Any>>(&config),
            Some(Planted::Rules(rules)) => errand.go::<Dynamo<Any>>(&config.with_rules(rules)),
            Some(Planted::Effects(tamper)) => errand.go::<Tampered<Dynamo<Any>>>(&Setup { inner: config, tamper }),
        }
    }
}
