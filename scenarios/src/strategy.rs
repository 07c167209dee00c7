//! How the trouble of each seed is drawn: what a scenario becomes with a seed.

use std::borrow::Cow;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use shaketable_protocols::Protocol;
use shaketable_sim::param::Args;
use shaketable_sim::plan::Plan;
use shaketable_sim::rng::Seed;
use shaketable_sim::swarm::{Swarm, Tolerance, priorities};

use crate::scenario::Scenario;

/// How many draws of a protocol's parameters are tried before it keeps its own: some do not fit together.
const DRAWS: u32 = 8;

/// How trouble is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Strategy {
    /// As the file says
    #[default]
    File,
    /// Each seed draws its own kinds of faults and values of parameters, and leaves out half of the file's own faults
    Swarm,
    /// As the file says, and chains of messages get priorities (PCT)
    Pct,
}

impl Scenario {
    /// What this scenario is with a seed: everything that a seed draws before its run is drawn, and stands in the plan.
    pub(crate) fn drawn(&self, seed: Seed) -> Cow<'_, Scenario> {
        let swarm = match (self.strategy, &self.swarm) {
            (Strategy::File, None) => return Cow::Borrowed(self),
            (Strategy::Swarm, None) => Some(Swarm::ALL),
            (_, swarm) => swarm.clone(),
        };
        let mut drawn = Scenario { strategy: Strategy::File, swarm: None, ..self.clone() };
        if self.strategy == Strategy::Swarm {
            let mut rng = seed.stream("own faults");
            drawn.plan.faults.retain(|_| rng.below(2) == 0);
        }
        if let Some(swarm) = swarm {
            drawn.config = config(&swarm, self.protocol, &self.config, &drawn.plan, seed);
            drawn.adopt(|plan, bears| swarm.plan(plan, bears, seed));
        }
        if self.strategy == Strategy::Pct {
            drawn.adopt(|plan, bears| {
                let faults = [&plan.faults[..], &priorities(plan, bears, seed)].concat();
                Plan { faults, ..plan.clone() }
            });
        }
        Cow::Owned(drawn)
    }

    /// Takes another plan, unless it asks for more than the protocol accepts: such as messages that are late for as long as no grace allows for.
    fn adopt(&mut self, draw: impl FnOnce(&Plan, &Tolerance) -> Plan) {
        let plan = draw(&self.plan, &(self.protocol.bears)(&self.config, &self.plan));
        if (self.protocol.check)(&self.config, &plan).is_empty() {
            self.plan = plan;
        }
    }
}

fn config(swarm: &Swarm, protocol: &Protocol, config: &Args, plan: &Plan, seed: Seed) -> Args {
    let draw = |draw| swarm.config(config, protocol.params, protocol.dials, seed, draw);
    let fits = |config: &Args| (protocol.check)(config, plan).is_empty();
    (0..DRAWS).map(draw).find(fits).unwrap_or_else(|| config.clone())
}
