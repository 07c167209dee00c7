//! Leader leases: reads without a round of messages, at the price of trusting clocks (Live §5.2).
//!
//! Every node that hears of a leader promises to prepare no ballot of its own, and to promise none of another's, for the shortest election timeout, on
//! its own clock. A phase-2 quorum that has answered a question keeps that promise, and meets every quorum of phase 1. So nobody else begins
//! to lead for that long, counted from when the question was first asked, and shortened by what clocks may drift; and
//! until then the leader answers reads without asking anybody.
//!
//! The bound is on drift alone: a clock that is set may make a node forget its promise, and a scenario with leases must not do so. A node that
//! restarts has forgotten whom it heard of, and keeps the promise as if it had just done so.

use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;
use shaketable_sim::time::{Instant, Ppm, Span};

use super::config::Read;
use super::types::{Ballot, Beat};
use super::{Paxos, Role};

/// All that decides whether a leader may answer from its own state because nobody else can lead yet. Instants are on its own clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lease {
    /// When the last question that a quorum has answered was first asked.
    pub begun: Instant,
    /// For how long nodes that answer keep their promise, on their own clocks.
    pub promise: Span,
    /// By how much a clock runs fast or slow, at most.
    pub bound: Ppm,
    /// Whether this leader has told a node to take over: those who hear of that keep no promise.
    pub resigned: bool,
}

/// The last question that quorums have answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leased {
    beat: Beat,
    /// When it was first asked.
    begun: Instant,
}

impl Lease {
    /// How much of the promise a leader can rely on: its own clock may be slow by the bound, and another's fast by as much.
    pub fn reliable(&self) -> Span {
        let (promise, bound) = (u128::from(self.promise.as_nanos()), u128::from(self.bound.parts()));
        Span::nanos((promise * (1_000_000 - bound) / (1_000_000 + bound)) as u64)
    }
}

impl<S: Spec> Paxos<S> {
    /// Whether reads rely on promises to follow no other leader.
    pub(super) fn leases(&self) -> bool {
        matches!(self.config.read, Read::Lease(_))
    }

    /// The latest lease of this leader, over or not.
    pub(super) fn lease(&self) -> Option<Lease> {
        let (Role::Leader(leader), Read::Lease(bound)) = (&self.role, self.config.read) else { return None };
        let Leased { begun, .. } = leader.leased.filter(|leased| self.confirmed(leader) >= leased.beat)?;
        let promise = self.config.election_timeout.0;
        Some(Lease { begun, promise, bound, resigned: leader.resigned })
    }

    /// Whether this leader may answer reads by its lease now.
    pub(super) fn has_lease(&self, ctx: &Ctx<'_, Self>) -> bool {
        self.lease().is_some_and(|lease| self.config.rules.may_read_by_lease(lease, ctx.now()))
    }

    /// If quorums have answered the current question, the lease counts from when that was asked. Should others come to run the next slots, it
    /// is worth nothing until they have answered that question, too.
    pub(super) fn renew_lease(&mut self) {
        let Role::Leader(leader) = &self.role else { return };
        if self.confirmed(leader) == leader.beat {
            let leased = Leased { beat: leader.beat, begun: leader.asked };
            if let Role::Leader(leader) = &mut self.role {
                leader.leased = Some(leased);
            }
        }
    }

    /// Whether this node has promised to follow its leader and nobody else for a while that is not over: unless that leader itself has
    /// handed over, if one has.
    pub(super) fn keeps_to_leader(&self, handed_over: Option<Ballot>, ctx: &Ctx<'_, Self>) -> bool {
        let leads = match &self.role {
            Role::Follower(following) => following.leader,
            Role::Leader(leader) => Some(leader.ballot),
            Role::Candidate(_) | Role::Faulty => None,
        };
        self.leases() && self.hears_a_leader(ctx) && !self.config.rules.frees_from_lease(leads, handed_over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worst that the bound allows: the promise is kept on a fast clock, and the lease read on a slow one.
    #[test]
    fn a_lease_ends_before_the_promise_does_on_any_two_clocks_within_the_bound() {
        for bound in [0, 100, 1_000, 10_000, 200_000, 900_000, 1_000_000] {
            let promise = Span::millis(150);
            let lease = Lease { begun: Instant::ZERO, promise, bound: Ppm::new(bound), resigned: false };
            // In true nanoseconds, times the other side's denominator.
            let (parts, bound) = (1_000_000, u128::from(bound));
            let lease_ends = u128::from(lease.reliable().as_nanos()) * (parts + bound);
            let promise_ends = u128::from(promise.as_nanos()) * (parts - bound);
            assert!(lease_ends <= promise_ends, "bound {bound}");
            assert!(lease_ends + parts + bound > promise_ends, "and not needlessly early: bound {bound}");
        }
    }
}
