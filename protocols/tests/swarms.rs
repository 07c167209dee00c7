//! What the protocols tell a swarm of themselves is so.

use std::collections::BTreeSet;

use shaketable_protocols::{CATALOGUE, Protocol};
use shaketable_sim::param::{Args, Default};
use shaketable_sim::plan::{Heal, Plan};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Run, Verdict};
use shaketable_sim::spec::any::Any;
use shaketable_sim::swarm::Swarm;
use shaketable_sim::time::{Instant, Span};
use shaketable_sim::workload::WORKLOADS;

/// A run of the protocol, all of whose trouble a seed has drawn.
fn run(protocol: &'static Protocol, seed: u64) -> Run<Any> {
    let mut plan = Plan::calm(5, Span::secs(11));
    plan.heal = Some(Heal { at: Instant::ZERO + Span::secs(5), within: Span::millis(5_900) });
    let name = if protocol.name == "synod" { "consensus" } else { "register" };
    let workload = WORKLOADS.iter().find(|known| known.name == name).expect("a workload of that name");
    (plan.clients.workload, plan.clients.mix) = (workload.name, Args::defaults(workload.params));
    plan.check.linearizable = protocol.name != "dynamo";
    let defaults = Args::defaults(protocol.params);
    let draws = (0..8).map(|draw| Swarm::ALL.config(&defaults, protocol.params, protocol.dials, Seed(seed), draw));
    let config = draws.into_iter().find(|config| (protocol.check)(config, &plan).is_empty()).unwrap_or(defaults);
    let plan = Swarm::ALL.plan(&plan, &(protocol.bears)(&config, &plan), Seed(seed), 0);
    assert_eq!((protocol.check)(&config, &plan), vec![], "{} refuses what seed {seed} draws", protocol.name);
    (protocol.run)(&plan, &config, None, Seed(seed), None)
}

#[test]
fn every_protocol_survives_what_it_says_it_bears_and_names_all_its_messages() {
    for protocol in CATALOGUE {
        let mut sent = BTreeSet::new();
        for seed in 0..120 {
            let run = run(protocol, seed);
            assert_eq!(run.verdict, Verdict::Pass, "{} with seed {seed}", protocol.name);
            sent.extend(run.messages.iter().map(|sent| sent.kind));
        }
        let between_nodes = |kind: &&&str| !["Request", "Answer"].contains(*kind);
        let unnamed: Vec<&&str> =
            sent.iter().filter(between_nodes).filter(|kind| !protocol.messages.contains(kind)).collect();
        assert_eq!(unnamed, [] as [&&str; 0], "{}", protocol.name);
        let unsent: Vec<&&str> = protocol.messages.iter().filter(|kind| !sent.contains(*kind)).collect();
        assert!(unsent.len() * 3 <= protocol.messages.len(), "{} never sent {unsent:?}", protocol.name);
    }
}

#[test]
fn every_dial_has_values_of_its_parameter() {
    for protocol in CATALOGUE {
        for dial in protocol.dials {
            let param = protocol.params.iter().find(|param| param.name == dial.param);
            let param = param.unwrap_or_else(|| panic!("{} has no parameter {}", protocol.name, dial.param));
            for value in dial.values {
                assert!(Default::Value(*value).value(&param.shape).is_some(), "{} {}", protocol.name, dial.param);
            }
        }
    }
}
