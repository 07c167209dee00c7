//! `[swarm]`: what each seed draws.

use shaketable_protocols::Protocol;
use shaketable_sim::swarm::Swarm;

use super::Reading;

impl Reading<'_> {
    /// Reads it, if it is written.
    pub(super) fn swarm(&mut self, protocol: Option<&'static Protocol>) -> Option<Swarm> {
        let raw = self.root.get("swarm")?.clone();
        let before = self.errors.len();
        let args = self.section("swarm");
        if let Some(names) = raw.get("faults") {
            let known: Vec<&str> = self.tables.faults.iter().map(|kind| kind.name).collect();
            self.judge_names(names, &known, |given| format!("unknown kind of fault `{given}`"));
        }
        if let (Some(names), Some(protocol)) = (raw.get("config"), protocol) {
            let known: Vec<&str> = protocol.dials.iter().map(|dial| dial.param).collect();
            let says = |given: &str| format!("a swarm of `{}` does not vary `{given}`", protocol.name);
            self.judge_names(names, &known, says);
        }
        (self.errors.len() == before).then(|| Swarm::from_args(&args))
    }
}
