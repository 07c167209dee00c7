//! What must hold of the configurations in logs, so that Figure 3 holds while the members change (§6; thesis §4.1).

use std::collections::BTreeSet;

use shaketable_sim::check::invariant::Breach;
use shaketable_sim::id::NodeId;

use super::View;
use crate::raft::configuration::Configuration;
use crate::raft::log::Log;
use crate::raft::types::{EntryId, LogIndex, Payload};

/// "Any two majorities overlap", of the old and of the new configuration. Thesis §4.1; §6
pub const CONFIGURATION_OVERLAP: &str = "configuration-overlap";
/// One change at a time, after the commitment of an entry of the leader's own term. Thesis §4.1 with the correction of 2015
pub const CONFIGURATION_CHANGE: &str = "configuration-change";

/// Looks at the configuration that stands at `index` in the log of a server, where it was not seen before. An entry that is of its leader's
/// own term has just been appended by it.
pub(super) fn check<O: Clone>(id: NodeId, index: LogIndex, view: &View<'_, O>) -> Result<(), Box<Breach>> {
    let Some(Payload::Config(configuration)) = view.log.get(index).map(|entry| &entry.payload) else { return Ok(()) };
    let (place, before) = before(index, view.log).unwrap_or((LogIndex::ZERO, view.base));
    if !quorums_meet(before, configuration) {
        let story = format!(
            "in the log of {id}, entry {index} says that the members are ({configuration}), and the one before it ({before}): \
             they have quorums that share no server"
        );
        return Err(Breach::new(CONFIGURATION_OVERLAP, story));
    }
    let own = view.leads && view.log.term_at(index) == Some(view.term);
    if own && (place > view.commit || view.log.term_at(view.commit) != Some(view.term)) {
        let known = EntryId { term: view.log.term_at(view.commit).unwrap_or_default(), index: view.commit };
        let story = format!(
            "{id}, leader of term {}, appends a configuration at {index}, and all that it knows to be committed is up to {known}; \
             the configuration before stands at {place}",
            view.term
        );
        return Err(Breach::new(CONFIGURATION_CHANGE, story));
    }
    Ok(())
}

/// The configuration that comes before `index` in a log, if there is one.
fn before<O: Clone>(index: LogIndex, log: &Log<O>) -> Option<(LogIndex, &Configuration)> {
    let mut place = index.previous();
    while let Some(entry) = log.get(place) {
        if let Payload::Config(configuration) = &entry.payload {
            return Some((place, configuration));
        }
        place = place.previous();
    }
    None
}

/// Whether every quorum of one shares a server with every quorum of the other. Of joint ones it is asked for more: that this follows from
/// one electorate of each.
fn quorums_meet(one: &Configuration, other: &Configuration) -> bool {
    one.electorates().any(|ours| other.electorates().any(|theirs| majorities_meet(ours, theirs)))
}

/// A majority of `ours` that takes as few shared servers as it can leaves no majority of `theirs`.
fn majorities_meet(ours: &BTreeSet<NodeId>, theirs: &BTreeSet<NodeId>) -> bool {
    let majority = |servers: usize| servers / 2 + 1;
    let taken = majority(ours.len()).saturating_sub(ours.difference(theirs).count());
    theirs.len() - taken < majority(theirs.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sets are the bits of a number.
    fn set(bits: u32) -> BTreeSet<NodeId> {
        NodeId::all(6).filter(|server| bits >> server.index() & 1 == 1).collect()
    }

    #[test]
    fn majorities_meet_if_no_two_of_them_are_disjoint() {
        let majority = |some: u32, of: u32| 2 * (some & of).count_ones() > of.count_ones();
        for ours in 1..64 {
            for theirs in 1..64 {
                let slow = (0..64_u32).all(|some| !(majority(some, ours) && majority(!some & 63, theirs)));
                assert_eq!(majorities_meet(&set(ours), &set(theirs)), slow, "{ours:b} and {theirs:b}");
            }
        }
    }
}
