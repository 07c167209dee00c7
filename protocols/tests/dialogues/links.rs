//! What is under way between nodes: by link, in the order in which it was sent, until the script says what becomes of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use shaketable_sim::id::NodeId;
use shaketable_sim::node::Message;

use crate::script::Pick;

/// From whom, to whom.
pub(crate) type Link = (NodeId, NodeId);

/// All links.
pub(crate) struct Links<M> {
    /// Invariant: no link is here on which nothing is under way.
    flight: BTreeMap<Link, VecDeque<M>>,
    held: BTreeSet<Link>,
}

impl<M: Message> Links<M> {
    pub(crate) fn new() -> Links<M> {
        Links { flight: BTreeMap::new(), held: BTreeSet::new() }
    }

    pub(crate) fn send(&mut self, link: Link, msg: M) {
        self.flight.entry(link).or_default().push_back(msg);
    }

    /// Takes messages off a link.
    ///
    /// # Errors
    /// There is no such message.
    pub(crate) fn take(&mut self, (from, to): Link, pick: &Pick) -> Result<Vec<M>, String> {
        let link =
            self.flight.get_mut(&(from, to)).ok_or_else(|| format!("nothing is under way from {from} to {to}"))?;
        let taken = match pick {
            Pick::All => link.drain(..).collect(),
            Pick::Oldest => link.pop_front().into_iter().collect(),
            Pick::OldestOf(kind) => match link.iter().position(|msg| msg.kind() == kind) {
                Some(place) => link.remove(place).into_iter().collect(),
                None => {
                    let there: Vec<_> = link.iter().map(Message::kind).collect();
                    return Err(format!("no {kind} is under way from {from} to {to}, only {}", there.join(", ")));
                }
            },
        };
        if link.is_empty() {
            self.flight.remove(&(from, to));
        }
        Ok(taken)
    }

    /// Puts a copy of a message, or of each, behind all others of its link.
    ///
    /// # Errors
    /// There is no such message.
    pub(crate) fn duplicate(&mut self, link: Link, pick: &Pick) -> Result<(), String> {
        let before = self.flight.get(&link).cloned();
        let copies = self.take(link, pick)?;
        let messages = self.flight.entry(link).or_default();
        *messages = before.into_iter().flatten().chain(copies).collect();
        Ok(())
    }

    /// Keeps a link from being [ready](Links::ready), or lets it go again.
    ///
    /// # Errors
    /// It is as it should be already.
    pub(crate) fn hold(&mut self, link: Link, hold: bool) -> Result<(), String> {
        let changed = if hold { self.held.insert(link) } else { self.held.remove(&link) };
        if changed {
            return Ok(());
        }
        Err(format!("{}→{} is {}held", link.0, link.1, if hold { "already " } else { "not " }))
    }

    /// The links between these nodes, or all if none are named, on which something is under way.
    pub(crate) fn busy(&self, among: &[NodeId]) -> Vec<Link> {
        let named = |id: NodeId| among.is_empty() || among.contains(&id);
        self.flight.keys().copied().filter(|&(from, to)| named(from) && named(to)).collect()
    }

    /// The [busy](Links::busy) ones that are not held.
    pub(crate) fn ready(&self, among: &[NodeId]) -> Vec<Link> {
        self.busy(among).into_iter().filter(|link| !self.held.contains(link)).collect()
    }

    /// All that is under way, and whether its link is held.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Link, &M, bool)> {
        self.flight
            .iter()
            .flat_map(move |(&link, messages)| messages.iter().map(move |msg| (link, msg, self.held.contains(&link))))
    }
}
