//! The store as scenarios see it.

use shaketable_sim::param::{Args, ParamError};
use shaketable_sim::plan::Plan;
use shaketable_sim::spec::any::Any;

use super::Store;
use super::bugs::{BUGS, Planted, planted};
use super::config::{Config, PARAMS, unservable};
use super::invariants::PROPERTIES;
use super::swarm;
use crate::run::{Errand, Kind, fork, run};
use crate::tamper::{Setup, Tampered};
use crate::{Bug, Protocol};

/// The store's place in the catalogue.
pub const RING: Protocol = Protocol {
    name: "ring",
    doc: "consistent-hash nodes: registers on strict quorums, without leaders (DeCandia et al. 2007; Attiya, Bar-Noy & Dolev 1995)",
    tolerates: "any nodes down or cut off, as far as safety goes; to serve a key, R and W of its replicas must be up and reached; fewer than half of \
                a key's replicas with a disk that was lost or has rotted; any loss, delay, doubling and reordering of messages; any clocks",
    notation: "`12@c3#7` is a tag, number 12 in the order of the writes of a key, which is the write c3#7",
    bears: swarm::bears,
    params: PARAMS,
    dials: swarm::DIALS,
    messages: swarm::MESSAGES,
    properties: PROPERTIES,
    milestones: &[],
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
            None => errand.go::<Store<Any>>(&config),
            Some(Planted::Rules(rules)) => errand.go::<Store<Any>>(&config.with_rules(rules)),
            Some(Planted::Effects(tamper)) => errand.go::<Tampered<Store<Any>>>(&Setup { inner: config, tamper }),
        }
    }
}
