//! Priorities, in the manner of PCT (Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010;
//! for messages, Ozkan et al., OOPSLA 2018).
//!
//! A scheduler that decides each step by itself rarely lets one chain of messages wait for long. So chains get priorities instead, which they
//! keep: those of one sender and one kind, each later by so much the lower its priority is. And at a few points of time, as many as the
//! bug is deep, one chain falls behind all others. Of a timed network, priorities are delays; of these the longest is well below what makes
//! nodes give each other up, so that the order of messages changes and not whether there is a leader.

use super::{Tolerance, fault};
use crate::faults::Planned;
use crate::param::Value;
use crate::plan::Plan;
use crate::rng::{Delay, Seed};
use crate::time::{Instant, Span};

/// How deep the bugs are that are looked for: how many chains fall behind, at most.
const DEPTH: u64 = 3;

/// The faults that make these priorities. The caller sees whether the protocol accepts them, and may ask for another `draw` if not.
pub fn priorities(plan: &Plan, tolerance: &Tolerance, seed: Seed, draw: u32) -> Vec<Planned> {
    let mut rng = seed.stream(format_args!("priorities {draw}"));
    // Of a message that two rules delay, each has its share.
    let most = tolerance.under_way.map_or(u64::MAX, |longest| longest.as_nanos() / 4);
    let patience = tolerance.patience.as_nanos().min(most / 3);
    let nodes: Vec<String> = (1..=plan.nodes).map(|number| format!("n{number}")).collect();
    let late = |from: &str, to: &str, kind: &str, by: Delay| {
        let params = [("from", from), ("to", to), ("message", kind), ("by", "0s")];
        let mut late = fault("slow-link", &params.map(|(name, text)| (name, text.to_owned())));
        late.args.set("by", Value::Delay(by));
        late
    };
    let mut faults = Vec::new();
    for kind in tolerance.messages {
        for from in &nodes {
            // Half of all chains are not delayed: priorities matter between few.
            if rng.below(2) == 0 {
                let by = Delay::Fixed(Span::nanos(rng.below(patience / 4 + 1)));
                faults.push(late(from, "all", kind, by).at(Span::ZERO));
            }
        }
    }
    let window = plan.heal.map_or(plan.duration, |heal| heal.at.since(Instant::ZERO)).as_nanos();
    for _ in 0..rng.between(1, DEPTH) {
        let kind = rng.pick(tolerance.messages).copied().unwrap_or("");
        let (from, to) = (rng.pick(&nodes).cloned(), rng.pick(&nodes).cloned());
        let (Some(from), Some(to)) = (from, to) else { continue };
        let at = Span::nanos(rng.below(window.max(1)));
        let by = Delay::Uniform(Span::nanos(patience / 2), Span::nanos(patience * 3));
        let lasting = (Span::nanos(patience / 2), Span::nanos(patience * 3));
        faults.push(late(&from, &to, kind, by).at(at).lasting(lasting.0, lasting.1));
    }
    faults
}
