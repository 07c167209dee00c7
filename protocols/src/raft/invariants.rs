//! The five properties of Raft's Figure 3, and two of configurations that they rest on, checked after every event, on the server that has just acted.
//!
//! The monitor sees what no server can: all logs at once. For each of them it keeps a chain of hashes, one an entry, each over all
//! entries up to it; so two logs agree up to an index if their chains agree there. What a server has not changed since it was last looked at is
//! not looked at again: an event costs as much as it has appended.
//!
//! An entry counts as committed from the moment when some server knows it to be. That is later than the paper's definition (stored
//! by a quorum, in the leader's own term), so what is found here is also a breach by the paper's.

use std::collections::BTreeMap;
use std::hash::Hash;

use shaketable_sim::check::invariant::{Breach, Invariants, Now, Property, Sight};
use shaketable_sim::digest::{Digest, digest_of};
use shaketable_sim::id::NodeId;
use shaketable_sim::spec::Spec;

use super::configuration::Configuration;
use super::log::Log;
use super::types::{EntryId, LogIndex, Payload, Term};
use super::{Raft, Role};

mod members;

pub use members::{CONFIGURATION_CHANGE, CONFIGURATION_OVERLAP};

/// "At most one leader can be elected in a given term." §5.2
pub const ELECTION_SAFETY: &str = "election-safety";
/// "A leader never overwrites or deletes entries in its log; it only appends new entries." §5.3
pub const LEADER_APPEND_ONLY: &str = "leader-append-only";
/// "If two logs contain an entry with the same index and term, then the logs are identical in all entries up through the given index." §5.3
pub const LOG_MATCHING: &str = "log-matching";
/// "If a log entry is committed in a given term, then that entry will be present in the logs of the leaders for all higher-numbered terms." §5.4
pub const LEADER_COMPLETENESS: &str = "leader-completeness";
/// "If a server has applied a log entry at a given index to its state machine, no other server will ever apply a different log entry for the same index." §5.4.3
pub const STATE_MACHINE_SAFETY: &str = "state-machine-safety";

/// All of them.
pub static PROPERTIES: &[Property] = &[
    Property { name: ELECTION_SAFETY, doc: "no term has two leaders (§5.2)" },
    Property {
        name: LEADER_APPEND_ONLY, doc: "a leader neither overwrites nor deletes entries of its own log (§5.3)"
    },
    Property {
        name: LOG_MATCHING,
        doc: "logs that have the same term at an index are identical in all entries up to it (§5.3)",
    },
    Property {
        name: LEADER_COMPLETENESS,
        doc: "an entry that is committed in a term is in the logs of the leaders of all later terms (§5.4)",
    },
    Property {
        name: STATE_MACHINE_SAFETY,
        doc: "no two servers apply, or are about to apply, different entries at one index (§5.4.3)",
    },
    Property {
        name: CONFIGURATION_OVERLAP,
        doc: "every quorum of a configuration shares a server with every quorum of the one before it in the log (§6, thesis §4.1)",
    },
    Property {
        name: CONFIGURATION_CHANGE,
        doc: "a leader appends a configuration only once the one before it and an entry of its own term are committed (thesis §4.1, corrected 2015)",
    },
];

/// What was seen of the first that knew of an entry that it is committed.
const KNEW: &str = "knew that to be committed";

/// Checks Figure 3 as a run goes.
#[derive(Clone, Debug)]
pub struct Figure3 {
    servers: Vec<Seen>,
    /// By index, from 1: what was seen there.
    entries: Vec<Variants>,
    /// By index, from 1: what was committed there first.
    committed: Vec<Committed>,
    /// Who was elected in each term first, and when.
    leaders: BTreeMap<Term, Sight>,
    /// By the last entry that they stand for: the hashes of snapshots, and who had them first.
    snapshots: BTreeMap<LogIndex, (u64, Sight)>,
    now: Now,
}

/// A server when it was last looked at.
#[derive(Clone, Debug, Default)]
struct Seen {
    term: Term,
    leads: bool,
    commit: LogIndex,
    truncations: u64,
    /// By index, from 1: the hash of the log up to there.
    chain: Vec<u64>,
    /// The last entry that its snapshot stands for.
    snapshot: LogIndex,
    /// Whether it has crashed since: what it boots with may be less than it had, and more than was seen of it.
    crashed: bool,
    /// How many of its entries were compared with what is committed: not beyond the end of its log.
    checked: usize,
}

/// The logs' entries at one index, told apart by their terms; almost always there is one.
#[derive(Clone, Debug)]
struct Variants {
    first: Variant,
    others: Vec<Variant>,
}

/// An entry: its term, the hash of the log up to it, and who had it first.
#[derive(Clone, Copy, Debug)]
struct Variant {
    term: Term,
    chain: u64,
    by: Sight,
}

/// A committed entry: the hash of the log up to it, the term in which it was first known to be committed, and who knew that.
#[derive(Clone, Copy, Debug)]
struct Committed {
    chain: u64,
    term: Term,
    by: Sight,
}

/// What the properties are about.
struct View<'a, O> {
    term: Term,
    leads: bool,
    commit: LogIndex,
    log: &'a Log<O>,
    /// The configuration as of the entry before the log.
    base: &'a Configuration,
}

impl<S: Spec> Invariants<Raft<S>> for Figure3 {
    const PROPERTIES: &'static [Property] = PROPERTIES;

    fn new(nodes: usize) -> Self {
        Figure3 {
            servers: vec![Seen::default(); nodes],
            entries: Vec::new(),
            committed: Vec::new(),
            leaders: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            now: Now::default(),
        }
    }

    fn at(&mut self, now: Now) {
        self.now = now;
    }

    fn after_event(&mut self, id: NodeId, server: &Raft<S>) -> Result<(), Box<Breach>> {
        let leads = matches!(server.role, Role::Leader(_));
        self.same_snapshots(id, server)?;
        let base = server.membership.base();
        self.look(id, &View { term: server.term, leads, commit: server.commit, log: &server.log, base })
    }

    fn after_crash(&mut self, id: NodeId) {
        let seen = &mut self.servers[id.index()];
        (seen.crashed, seen.leads) = (true, false);
    }
}

impl Figure3 {
    /// What two servers have made of the same entries is the same. An entry is named by its index alone: that it is the one
    /// that was committed there is checked with the log that begins behind it.
    fn same_snapshots<S: Spec>(&mut self, id: NodeId, server: &Raft<S>) -> Result<(), Box<Breach>> {
        let last = server.log.start().index;
        let seen = &mut self.servers[id.index()];
        if last == seen.snapshot {
            return Ok(());
        }
        seen.snapshot = last;
        let digest = digest_of(&server.snapshot);
        let now = self.seen(id);
        let (known, by) = *self.snapshots.entry(last).or_insert((digest, now));
        if known == digest {
            return Ok(());
        }
        let story =
            format!("the snapshot of {id} up to {last} is not the one that {} has made of the same entries", by.node);
        Err(Breach::new(STATE_MACHINE_SAFETY, story).against(by, "had that snapshot"))
    }

    fn look<O: Clone + Hash>(&mut self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        if self.servers[id.index()].crashed {
            let snapshot = self.servers[id.index()].snapshot;
            let chain = self.prefix(id, view.log.start())?;
            self.servers[id.index()] = Seen { chain, snapshot, ..Seen::default() };
        }
        let seen = &self.servers[id.index()];
        let (truncations, _) = view.log.truncations();
        let same_log = truncations == seen.truncations && view.log.last_index().get() == seen.chain.len() as u64;
        if same_log && (view.term, view.leads, view.commit) == (seen.term, seen.leads, seen.commit) {
            return Ok(());
        }
        let led = seen.leads && seen.term == view.term;
        let deleted = truncations != seen.truncations;
        if view.leads && !led {
            self.election_safety(id, view.term)?;
        }
        if view.leads && led && deleted {
            let story = format!("{id}, leader of term {}, deleted entries of its own log", view.term);
            return Err(Breach::new(LEADER_APPEND_ONLY, story));
        }
        self.log_matching(id, view)?;
        let seen = &mut self.servers[id.index()];
        (seen.term, seen.leads, seen.commit) = (view.term, view.leads, view.commit);
        if view.leads && !led {
            self.completeness_of_new_leader(id)?;
        }
        self.take_commits(id)
    }

    fn election_safety(&mut self, id: NodeId, term: Term) -> Result<(), Box<Breach>> {
        let now = self.seen(id);
        let first = *self.leaders.entry(term).or_insert(now);
        if first.node == id {
            return Ok(());
        }
        let story = format!("{id} leads in term {term}, in which {} was elected before", first.node);
        Err(Breach::new(ELECTION_SAFETY, story).against(first, "was elected"))
    }

    /// What is seen of a server now.
    fn seen(&self, node: NodeId) -> Sight {
        Sight::of(node, self.now)
    }

    /// Brings the chain of a server up to date, and compares each new entry with those seen at its place.
    fn log_matching<O: Clone + Hash>(&mut self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        let (truncations, cut) = view.log.truncations();
        let now = self.seen(id);
        let seen = &mut self.servers[id.index()];
        let kept = match truncations - seen.truncations {
            0 => seen.chain.len(),
            1 => seen.chain.len().min(cut.get() as usize),
            _ => 0, // Only the last cut is known.
        };
        seen.chain.truncate(kept);
        seen.checked = seen.checked.min(kept);
        seen.truncations = truncations;
        if seen.chain.len() < view.log.start().index.get() as usize {
            let chain = self.prefix(id, view.log.start())?;
            self.servers[id.index()].chain = chain;
        }
        let seen = &mut self.servers[id.index()];
        let mut chain = seen.chain.last().copied().unwrap_or(0);
        let mut configurations = Vec::new();
        for entry in view.log.slice(LogIndex::ZERO.plus(seen.chain.len() + 1), usize::MAX) {
            let mut digest = Digest::new();
            digest.fold(chain);
            entry.hash(&mut digest);
            chain = digest.value();
            seen.chain.push(chain);
            let variant = Variant { term: entry.term, chain, by: now };
            let known = match self.entries.get_mut(seen.chain.len() - 1) {
                Some(variants) => variants.first_like(variant),
                None => {
                    self.entries.push(Variants { first: variant, others: Vec::new() });
                    variant
                }
            };
            if known.chain != chain {
                let entry = EntryId { term: entry.term, index: LogIndex::ZERO.plus(seen.chain.len()) };
                let story = format!(
                    "the log of {id} has entry {entry} as another log had, and differs from it there or before"
                );
                return Err(Breach::new(LOG_MATCHING, story).against(known.by, "had that entry"));
            }
            if let Payload::Config(_) = entry.payload {
                configurations.push(LogIndex::ZERO.plus(seen.chain.len()));
            }
        }
        configurations.into_iter().try_for_each(|index| members::check(id, index, view))
    }

    /// The chain of the entries that a snapshot stands for. They need not be known to be committed: who has found that out may have crashed
    /// before anybody looked. But a log had them once, and by Log Matching all that precede the last of them follow from it.
    fn prefix(&self, id: NodeId, last: EntryId) -> Result<Vec<u64>, Box<Breach>> {
        let Some(place) = last.index.get().checked_sub(1).map(|place| place as usize) else { return Ok(Vec::new()) };
        let chain = self.entries.get(place).and_then(|variants| variants.chain_of(last.term));
        let has = |seen: &&Seen| chain.is_some() && seen.chain.get(place) == chain.as_ref();
        if let Some(seen) = self.servers.iter().find(has) {
            return Ok(seen.chain[..=place].to_vec());
        }
        if self.committed.get(place).is_some_and(|committed| Some(committed.chain) == chain) {
            return Ok(self.committed[..=place].iter().map(|committed| committed.chain).collect());
        }
        let story = format!("{id} has a snapshot up to entry {last}, which no log had");
        Err(Breach::new(STATE_MACHINE_SAFETY, story))
    }

    /// A new leader has all that was committed in earlier terms. Since chains are over whole logs, the last such entry speaks for all before it.
    fn completeness_of_new_leader(&self, id: NodeId) -> Result<(), Box<Breach>> {
        let leader = &self.servers[id.index()];
        match self.committed.iter().rposition(|committed| committed.term < leader.term) {
            Some(place) => self.completeness(id, place, (self.committed[place].by, KNEW)),
            None => Ok(()),
        }
    }

    /// A leader has the entry that was committed at this place (an index, from 0). The earlier one of the two is what the other goes against.
    fn completeness(&self, id: NodeId, place: usize, earlier: (Sight, &'static str)) -> Result<(), Box<Breach>> {
        let (leader, committed) = (&self.servers[id.index()], &self.committed[place]);
        if leader.chain.get(place) == Some(&committed.chain) {
            return Ok(());
        }
        let story = format!(
            "{id} leads in term {} and lacks entry {} (or one before it), which was committed in term {}",
            leader.term,
            place + 1,
            committed.term
        );
        Err(Breach::new(LEADER_COMPLETENESS, story).against(earlier.0, earlier.1))
    }

    /// Looks at the entries that a server knows to be committed since it was last looked at.
    fn take_commits(&mut self, id: NodeId) -> Result<(), Box<Breach>> {
        let seen = &self.servers[id.index()];
        let (from, term) = (seen.checked, seen.term);
        let to = seen.chain.len().min(seen.commit.get() as usize);
        for place in from..to {
            let chain = self.servers[id.index()].chain[place];
            match self.committed.get(place) {
                Some(committed) if committed.chain == chain => {}
                Some(committed) => {
                    let index = place + 1;
                    let story = format!(
                        "{id} applies another entry {index} (or before it) than was committed there in term {}",
                        committed.term
                    );
                    return Err(Breach::new(STATE_MACHINE_SAFETY, story).against(committed.by, KNEW));
                }
                None => {
                    self.committed.push(Committed { chain, term, by: self.seen(id) });
                    self.completeness_of_later_leaders(place)?;
                }
            }
        }
        self.servers[id.index()].checked = to;
        Ok(())
    }

    /// An entry has become known to be committed: whoever leads in a later term by now has it.
    fn completeness_of_later_leaders(&self, place: usize) -> Result<(), Box<Breach>> {
        let later = |id: &NodeId| {
            let server = &self.servers[id.index()];
            server.leads && server.term > self.committed[place].term
        };
        let elected = |id: NodeId| (self.leaders[&self.servers[id.index()].term], "was elected");
        let check = |id| self.completeness(id, place, elected(id));
        NodeId::all(self.servers.len()).filter(later).try_for_each(check)
    }
}

impl Variants {
    /// What was seen of this term here.
    fn chain_of(&self, term: Term) -> Option<u64> {
        std::iter::once(&self.first).chain(&self.others).find(|known| known.term == term).map(|known| known.chain)
    }

    /// What was seen here first of the term of this one: itself if nothing was.
    fn first_like(&mut self, variant: Variant) -> Variant {
        if self.first.term == variant.term {
            return self.first;
        }
        match self.others.iter().find(|known| known.term == variant.term) {
            Some(known) => *known,
            None => {
                self.others.push(variant);
                variant
            }
        }
    }
}

#[cfg(test)]
mod tests;
