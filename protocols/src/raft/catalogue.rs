//! Raft as scenarios see it.

use shaketable_sim::param::{Args, ParamError};
use shaketable_sim::plan::Plan;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::Run;
use shaketable_sim::spec::any::Any;
use shaketable_sim::trace::Sink;
use shaketable_sim::world;

use super::Raft;
use super::bugs::{BUGS, Planted, planted};
use super::config::{Config, PARAMS};
use super::invariants::PROPERTIES;
use super::{milestones, swarm};
use crate::tamper::{Setup, Tampered};
use crate::{Bug, Protocol, workload};

/// Raft's place in the catalogue.
pub const RAFT: Protocol = Protocol {
    name: "raft",
    doc: "Raft: a log replicated by an elected leader (Ongaro & Ousterhout 2014)",
    tolerates: "fewer than half of the nodes down, cut off or with a disk that was lost or has rotted (but not in the newest record, which then looks like a torn one); any loss, delay, doubling \
                and reordering of messages; any clocks",
    bears: swarm::bears,
    params: PARAMS,
    dials: swarm::DIALS,
    messages: swarm::MESSAGES,
    properties: PROPERTIES,
    milestones: milestones::ALL,
    bugs: BUGS,
    check,
    run,
};

fn check(args: &Args, _: &Plan) -> Vec<(&'static str, ParamError)> {
    Config::from_args(args).err().unwrap_or_default()
}

fn run(plan: &Plan, args: &Args, bug: Option<&'static Bug>, seed: Seed, trace: Option<Sink<'_>>) -> Run<Any> {
    let config = Config::from_args(args).expect("the loader has checked the parameters");
    let workload = workload(plan);
    let how = bug.map(|bug| planted(bug.name).expect("Raft is run with bugs of its own"));
    match how {
        None => world::run::<Raft<Any>>(plan, &config, &*workload, seed, trace),
        Some(Planted::Rules(rules)) => {
            world::run::<Raft<Any>>(plan, &config.with_rules(rules), &*workload, seed, trace)
        }
        Some(Planted::Effects(tamper)) => {
            let setup = Setup { inner: config, tamper };
            world::run::<Tampered<Raft<Any>>>(plan, &setup, &*workload, seed, trace)
        }
    }
}
