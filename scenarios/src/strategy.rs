//! How the trouble of each seed is drawn: what a scenario becomes with a seed.

use std::borrow::Cow;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use shaketable_protocols::Protocol;
use shaketable_sim::param::Args;
use shaketable_sim::plan::Plan;
use shaketable_sim::rng::Seed;
use shaketable_sim::swarm::{Swarm, Tolerance, priorities};
use shaketable_sim::time::Instant;

use crate::scenario::Scenario;

/// How many draws of parameters, or of faults, are tried before a scenario keeps its own: some do not fit together.
const DRAWS: u32 = 8;

/// How many elections in a row may fail, at least, before a cluster is blamed for having no leader.
const ELECTIONS: u64 = 10;

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
    /// Half of all seeds as `pct`, a quarter each as `file` and as `swarm`: no one way finds everything
    Mixed,
}

impl Strategy {
    /// How the trouble of this seed is drawn: as one of the others.
    fn of(self, seed: Seed) -> Strategy {
        match self {
            Strategy::Mixed => {
                let drawn = [Strategy::Pct, Strategy::File, Strategy::Swarm];
                drawn[seed.stream("strategy").weighted(&[2, 1, 1])]
            }
            one => one,
        }
    }
}

impl Strategy {
    /// What to write behind a command so that it draws as this does: nothing if that goes without saying.
    pub(crate) fn option(self) -> String {
        match self {
            Strategy::File => String::new(),
            other => {
                let value = other.to_possible_value().expect("every strategy can be written");
                format!(" --strategy {}", value.get_name())
            }
        }
    }
}

impl Scenario {
    /// The same with another strategy.
    ///
    /// # Errors
    /// If it is a saved case, and it would draw again what was drawn when it was saved.
    pub(crate) fn by(mut self, strategy: Strategy) -> Result<Scenario, String> {
        if self.recorded.is_some() && strategy != Strategy::File {
            let (path, option) = (self.path.display(), strategy.option());
            return Err(format!(
                "error: {path} is a saved case, in which all is drawn already: leave out `{}`\n",
                option.trim()
            ));
        }
        self.strategy = strategy;
        Ok(self)
    }

    /// What this scenario is with a seed: everything that a seed draws before its run is drawn, and stands in the plan.
    pub(crate) fn drawn(&self, seed: Seed) -> Cow<'_, Scenario> {
        let strategy = if self.is_a_script() { Strategy::File } else { self.strategy.of(seed) };
        let swarm = match (strategy, &self.swarm) {
            (Strategy::File, None) => return Cow::Borrowed(self),
            (Strategy::Swarm, None) => Some(Swarm::ALL),
            (_, swarm) => swarm.clone(),
        };
        let mut drawn = Scenario { strategy: Strategy::File, swarm: None, ..self.clone() };
        if strategy == Strategy::Swarm {
            let mut rng = seed.stream("own faults");
            drawn.plan.faults.retain(|_| rng.below(2) == 0);
        }
        if let Some(swarm) = swarm {
            drawn.config = config(&swarm, self.protocol, &self.config, &drawn.plan, seed);
            if strategy == Strategy::Swarm {
                drawn.allow_time(self);
            }
            drawn.adopt(|plan, bears, draw| swarm.plan(plan, bears, seed, draw));
        }
        if strategy == Strategy::Pct {
            drawn.adopt(|plan, bears, draw| {
                let faults = [&plan.faults[..], &priorities(plan, bears, seed, draw)].concat();
                Plan { faults, ..plan.clone() }
            });
        }
        Cow::Owned(drawn)
    }

    /// Whether the file itself says who leads when, and sees to it that nothing else happens: after its heal it leaves no time for even a few
    /// elections. Trouble that it does not know of would have the cluster blamed for that.
    pub(crate) fn is_a_script(&self) -> bool {
        let patience = (self.protocol.bears)(&self.config, &self.plan).patience;
        self.plan.heal.is_some_and(|heal| heal.within < patience.times(ELECTIONS))
    }

    /// Makes what `own` demands after its heal fair for parameters that it does not know of. A cluster that is slower than the one it was
    /// written for may take as long to hand over what somebody missed as it took to decide it.
    fn allow_time(&mut self, own: &Scenario) {
        let Some(heal) = &mut self.plan.heal else { return };
        if self.config != own.config {
            heal.within = heal.within + heal.at.since(Instant::ZERO);
            self.plan.duration = self.plan.duration.max(heal.at.since(Instant::ZERO) + heal.within);
        }
    }

    /// Takes another plan, the first drawn that asks for no more than the protocol accepts: such as messages that are late for as long as
    /// no grace allows for.
    fn adopt(&mut self, draw: impl Fn(&Plan, &Tolerance, u32) -> Plan) {
        let bears = (self.protocol.bears)(&self.config, &self.plan);
        let fits = |plan: &Plan| (self.protocol.check)(&self.config, plan).is_empty();
        if let Some(plan) = (0..DRAWS).map(|number| draw(&self.plan, &bears, number)).find(fits) {
            self.plan = plan;
        }
    }
}

/// Draws the protocol's parameters: such as fit together and still bear what the file itself plans.
fn config(swarm: &Swarm, protocol: &Protocol, config: &Args, plan: &Plan, seed: Seed) -> Args {
    let own = (protocol.bears)(config, plan);
    let draw = |draw| swarm.config(config, protocol.params, protocol.dials, seed, draw);
    let fits = |config: &Args| {
        (protocol.check)(config, plan).is_empty() && (protocol.bears)(config, plan).still_bears(&plan.faults, &own)
    };
    (0..DRAWS).map(draw).find(fits).unwrap_or_else(|| config.clone())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use shaketable_sim::time::Span;

    use super::*;
    use crate::load::load;
    use crate::tables::Tables;

    fn swarmed(text: &str) -> Scenario {
        let head = "protocol = \"raft\"\nnodes = 3\nduration = \"20s\"\nseeds = \"0..10\"\n";
        let scenario = load(Path::new("a.toml"), &format!("{head}{text}"), &Tables::shipped());
        Scenario { strategy: Strategy::Swarm, ..scenario.unwrap_or_else(|wrong| panic!("{wrong}")) }
    }

    fn reads(scenario: &Scenario) -> Vec<String> {
        (0..200).map(|seed| scenario.drawn(Seed(seed)).config.choice("read").to_owned()).collect()
    }

    #[test]
    fn a_mixed_search_is_each_of_the_others_by_turns() {
        let drawn = |strategy: Strategy| (0..400).filter(|&seed| Strategy::Mixed.of(Seed(seed)) == strategy).count();
        assert!((170..230).contains(&drawn(Strategy::Pct)), "{}", drawn(Strategy::Pct));
        assert!((70..130).contains(&drawn(Strategy::File)) && (70..130).contains(&drawn(Strategy::Swarm)));
        // A seed gives what the strategy that it draws gives.
        let scenario = |strategy| Scenario { strategy, ..swarmed("") };
        for seed in (0..40).map(Seed) {
            let [mixed, one] = [Strategy::Mixed, Strategy::Mixed.of(seed)].map(scenario);
            let (mixed, one) = (mixed.drawn(seed), one.drawn(seed));
            assert_eq!(mixed.config, one.config);
            assert_eq!(format!("{:?}", mixed.plan), format!("{:?}", one.plan));
        }
    }

    #[test]
    fn no_parameter_is_drawn_that_does_not_bear_the_faults_of_the_file() {
        let leases = |scenario: &Scenario| reads(scenario).iter().filter(|read| *read == "lease").count();
        assert!(leases(&swarmed("")) > 20);
        // Half of all seeds leave the fault out: these may have leases.
        let jumps = swarmed("[[fault]]\nclock-jump = { node = \"n1\", by = \"1s\", at = \"1s\" }\n");
        for seed in (0..200).map(Seed) {
            let drawn = jumps.drawn(seed);
            let own = drawn.plan.faults.first().is_some_and(|fault| fault.written() == jumps.plan.faults[0].written());
            assert!(!own || drawn.config.choice("read") != "lease", "seed {seed}");
        }
    }

    #[test]
    fn a_bound_allows_for_what_the_file_does_not_know_of() {
        let heal = |text| {
            let scenario = swarmed(&format!("{text}[heal]\nat = \"10s\"\nwithin = \"5s\"\n"));
            let drawn: Vec<Plan> = (0..20).map(|seed| scenario.drawn(Seed(seed)).plan.clone()).collect();
            let own = (0..20).map(|seed| scenario.drawn(Seed(seed)).config == scenario.config);
            drawn.into_iter().zip(own).collect::<Vec<_>>()
        };
        for (plan, own) in heal("") {
            let within = plan.heal.map(|heal| heal.within);
            assert_eq!(within, Some(Span::secs(if own { 5 } else { 15 })));
            assert_eq!(plan.duration, Span::secs(if own { 20 } else { 25 }));
        }
    }

    #[test]
    fn a_script_is_left_as_it_is_by_every_strategy() {
        let fault = "[[fault]]\ncrash = { node = \"n1\", at = \"1s\", for = \"1s\" }\n";
        let text = |timeout| {
            format!(
                "[raft]\nelection-timeout = [\"100ms\", \"{timeout}\"]\n{fault}[heal]\nat = \"10s\"\nwithin = \"5s\"\n"
            )
        };
        let changed = |timeout, strategy| {
            let scenario = Scenario { strategy, ..swarmed(&text(timeout)) };
            (0..40).filter(|&seed| scenario.drawn(Seed(seed)).plan.faults.len() != scenario.plan.faults.len()).count()
        };
        for strategy in [Strategy::Swarm, Strategy::Pct, Strategy::Mixed] {
            assert_eq!(changed("501ms", strategy), 0, "ten elections may take more than 5 s");
            assert!(changed("500ms", strategy) > 20, "{strategy:?}");
        }
    }
}
