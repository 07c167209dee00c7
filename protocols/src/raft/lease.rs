//! Leader leases (thesis §6.4.1): reads without a round of messages, at the price of trusting clocks.
//!
//! Every server that hears of a leader promises not to vote for another (nor to stand itself) for the shortest election timeout, on its
//! own clock. So a leader that a quorum has confirmed in a round leads for that long, counted from the sending of the round's first message, and
//! shortened by what clocks may drift. It asks for no round to answer a read meanwhile.
//!
//! The bound is on drift alone: a clock that is set may make a server forget its promise, and a scenario with leases must not do so. A server that
//! restarts has forgotten whom it heard of, and keeps the promise as if it had just done so.

use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;
use shaketable_sim::time::{Instant, Ppm, Span};

use super::config::Read;
use super::{Raft, Role};

/// All that decides whether a leader may answer from its own state because nobody else can lead yet. Instants are on its own clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lease {
    /// When the last round that a quorum has confirmed began: nothing of it was sent before.
    pub begun: Instant,
    /// When the last of that quorum's answers arrived.
    pub confirmed: Instant,
    /// For how long servers that confirm promise not to vote, on their own clocks.
    pub promise: Span,
    /// By how much a clock runs fast or slow, at most.
    pub bound: Ppm,
    /// Whether this leader has told some server to stand for election: that one needs no promise to end.
    pub resigned: bool,
}

impl Lease {
    /// How much of the promise a leader can rely on: its own clock may be slow by the bound, and a voter's fast by as much.
    pub fn reliable(&self) -> Span {
        let (promise, bound) = (u128::from(self.promise.as_nanos()), u128::from(self.bound.parts()));
        Span::nanos((promise * (1_000_000 - bound) / (1_000_000 + bound)) as u64)
    }
}

impl<S: Spec> Raft<S> {
    /// The latest lease of this leader, over or not.
    pub(super) fn lease(&self) -> Option<Lease> {
        let (Role::Leader(leader), Read::Lease(bound)) = (&self.role, self.config.read) else { return None };
        let (begun, confirmed) = leader.confirmed?;
        let promise = self.config.election_timeout.0;
        Some(Lease { begun, confirmed, promise, bound, resigned: leader.resigned })
    }

    /// Whether this leader may answer reads by its lease now.
    pub(super) fn has_lease(&self, ctx: &Ctx<'_, Self>) -> bool {
        self.lease().is_some_and(|lease| self.config.rules.may_read_by_lease(lease, ctx.now()))
    }

    /// Some server has answered: if with it a quorum has confirmed the current round, the lease counts from the beginning of that.
    pub(super) fn renew_lease(&mut self, ctx: &Ctx<'_, Self>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let electorate = self.membership.now(self.commit);
        if leader.leased < leader.round && leader.reached(&electorate, |peer| peer.round) == Some(leader.round) {
            leader.leased = leader.round;
            leader.confirmed = Some((leader.begun, ctx.now()));
        }
    }

    /// With every heartbeat the lease is asked for anew, unless the last round was not confirmed yet.
    pub(super) fn ask_for_lease(&mut self, ctx: &Ctx<'_, Self>) {
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.leased == leader.round {
            leader.begin_round(self.me, ctx.now());
            self.renew_lease(ctx); // Alone in its cluster, it is a quorum.
        }
    }

    /// Whether reads rely on promises not to vote.
    pub(super) fn leases(&self) -> bool {
        matches!(self.config.read, Read::Lease(_))
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
            let start = Instant::ZERO;
            let lease = Lease { begun: start, confirmed: start, promise, bound: Ppm::new(bound), resigned: false };
            // In true nanoseconds, times the other side's denominator.
            let (parts, bound) = (1_000_000, u128::from(bound));
            let lease_ends = u128::from(lease.reliable().as_nanos()) * (parts + bound);
            let promise_ends = u128::from(promise.as_nanos()) * (parts - bound);
            assert!(lease_ends <= promise_ends, "bound {bound}");
            assert!(lease_ends + parts + bound > promise_ends, "and not needlessly early: bound {bound}");
        }
    }
}
