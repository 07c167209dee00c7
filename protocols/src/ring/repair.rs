//! Anti-entropy: nodes compare what they keep, two by two, and who has the newer version of a key brings it to all its replicas (Dynamo §4.7).
//!
//! Dynamo compares trees of hashes, since it compares millions of keys. Here one hash over all keys that two nodes share is compared, and if it
//! differs, their tags. A version is brought up as a reader writes it back: in the attempt that it was proposed in, or, if that was overtaken,
//! in another.

use shaketable_sim::digest::digest_of;
use shaketable_sim::id::{Key, NodeId};
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::Store;
use super::types::{Ballot, Msg, Tag, Timer};

impl<S: Spec> Store<S> {
    /// Sets the timer for the next comparison.
    pub(super) fn await_comparison(&self, ctx: &mut Ctx<'_, Self>) {
        if ctx.nodes() > 1 {
            let wait = ctx.rng().span(self.config.compare);
            ctx.set_timer(Timer::Compare, wait);
        }
    }

    /// Compares with the next of the other nodes, in turn.
    pub(super) fn compare(&mut self, ctx: &mut Ctx<'_, Self>) {
        let peers: Vec<NodeId> = ctx.peers().collect();
        let peer = peers[self.comparisons % peers.len()];
        self.comparisons += 1;
        let digest = self.digest(ctx.me(), peer);
        // What is not yet durable must not be told of.
        ctx.after_sync(|ctx| ctx.send(peer, Msg::Compare { digest }));
        self.await_comparison(ctx);
    }

    pub(super) fn on_compare(&self, from: NodeId, digest: u64, ctx: &mut Ctx<'_, Self>) {
        if self.digest(ctx.me(), from) != digest {
            let newest = self.shared(ctx.me(), from);
            ctx.after_sync(|ctx| ctx.send(from, Msg::Differs { newest }));
        }
    }

    pub(super) fn on_differs(&mut self, from: NodeId, theirs: &[(Key, Tag, Ballot)], ctx: &mut Ctx<'_, Self>) {
        for (key, tag, ballot) in self.shared(ctx.me(), from) {
            let known = theirs.iter().find(|(known, ..)| *known == key);
            let newer = known.is_none_or(|&(_, theirs, attempt)| (tag, ballot) > (theirs, attempt));
            let proposal = self.replica.as_ref().and_then(|replica| replica.newest(key)).filter(|_| newer).cloned();
            if let Some(proposal) = proposal {
                self.spread(key, proposal, ctx);
            }
        }
    }

    fn digest(&self, me: NodeId, peer: NodeId) -> u64 {
        let shared = self.shared(me, peer);
        digest_of(
            &shared
                .into_iter()
                .map(|(key, tag, ballot)| self.config.rules.fingerprint(key, tag, ballot))
                .collect::<Vec<_>>(),
        )
    }

    /// The newest versions here of all keys that two nodes keep.
    fn shared(&self, me: NodeId, peer: NodeId) -> Vec<(Key, Tag, Ballot)> {
        let newest = self.replica.iter().flat_map(|replica| replica.all_newest());
        let both = |key: Key| {
            let replicas = self.replicas(key);
            replicas.contains(&me) && replicas.contains(&peer)
        };
        let line = |(key, tag, ballot)| both(key).then_some((key, tag, ballot));
        newest.filter_map(line).collect()
    }
}
