//! How long messages are under way, which bounds the grace of tombstones from below (see [`super::collection`]).

use shaketable_sim::faults::Planned;
use shaketable_sim::plan::Plan;
use shaketable_sim::time::{Ppm, Span};

/// The messages that carry versions: those that come too late bring back what was deleted.
const CARRIERS: [&str; 5] = ["Put", "Got", "Repair", "Handoff", "Leaf"];

/// How many delays a message takes that is held up, the last of which is its own: see `reorder` of `[network]`.
const DELAYS_HELD_UP: u64 = 11;

/// For how long a message that carries versions may be under way by what a plan says, at least: with the longest delay of the network, and with the one fault that keeps it for longest.
///
/// Faults that overlap may keep it for longer: each lasts until the last of them ends, and how they meet is for their author to know.
pub(super) fn longest(plan: &Plan) -> Span {
    let delays = if plan.network.reorder == Ppm::ZERO { 1 } else { DELAYS_HELD_UP };
    let kept = plan.faults.iter().map(|fault| kept_by(fault, plan)).max();
    plan.network.delay.longest().times(delays) + kept.unwrap_or(Span::ZERO)
}

/// For how long a fault keeps a message that carries versions, at most.
fn kept_by(fault: &Planned, plan: &Plan) -> Span {
    let is_about = |kind: &str| CARRIERS.contains(&kind);
    if fault.args.get("message").is_some_and(|_| !is_about(fault.args.text("message"))) {
        return Span::ZERO;
    }
    match fault.kind.name {
        "hold" => fault.lasting.map_or(plan.duration, |(_, longest)| longest),
        "slow-link" | "reorder" => fault.args.delay("by").longest(),
        "duplicate" => fault.args.delay("later").longest(),
        _ => Span::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use shaketable_sim::rng::Delay;

    use super::*;

    fn longest_with(faults: &[Planned]) -> Span {
        let mut plan = Plan::calm(3, Span::secs(9));
        plan.network.delay = Delay::Uniform(Span::millis(1), Span::millis(10));
        plan.faults = faults.to_vec();
        longest(&plan)
    }

    fn fault(kind: &str, params: &[(&str, &str)]) -> Planned {
        Planned::new(kind, params).expect("a fault")
    }

    #[test]
    fn a_message_is_under_way_for_its_delay_and_for_as_long_as_the_longest_fault_keeps_it() {
        let hold = fault("hold", &[("from", "all"), ("to", "n1")]);
        let held_for = |millis| hold.clone().lasting(Span::millis(1), Span::millis(millis));
        assert_eq!(longest_with(&[]), Span::millis(10));
        assert_eq!(longest_with(&[held_for(400), held_for(300)]), Span::millis(410));
        assert_eq!(longest_with(&[hold]), Span::secs(9) + Span::millis(10), "it may last until the end");
        assert_eq!(longest_with(&[fault("slow-link", &[("by", "50ms")])]), Span::millis(60));
        assert_eq!(longest_with(&[fault("duplicate", &[("odds", "1%"), ("later", "90ms")])]), Span::millis(100));
        assert_eq!(longest_with(&[fault("reorder", &[("odds", "1%"), ("by", "70ms")])]), Span::millis(80));
        assert_eq!(
            longest_with(&[fault("isolate", &[("node", "n1")])]),
            Span::millis(10),
            "what it stops never arrives"
        );
    }

    #[test]
    fn what_carries_no_version_may_be_as_late_as_it_likes() {
        let held = |message| fault("hold", &[("from", "all"), ("to", "n1"), ("message", message)]);
        assert_eq!(longest_with(&[held("Vouch")]), Span::millis(10));
        assert_eq!(longest_with(&[held("Got")]), Span::secs(9) + Span::millis(10));
    }

    #[test]
    fn a_network_that_reorders_keeps_a_message_for_several_delays() {
        let mut plan = Plan::calm(3, Span::secs(9));
        plan.network.delay = Delay::Fixed(Span::millis(5));
        plan.network.reorder = Ppm::ONE;
        assert_eq!(longest(&plan), Span::millis(55));
    }
}
