//! What a protocol tells the dialogues of itself, and how things are written.

use shaketable_protocols::tamper::Tamper;
use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Effect, EffectOf, Message, Node};
use shaketable_sim::spec::any::Any;

use crate::links::Link;

/// A protocol that scripts can talk about: how its words are written.
pub(crate) trait Spoken: Node<Service = Any> {
    /// The timer of `timeout`.
    const TIMEOUT: &str;
    /// The timer of `tick`.
    const TICK: &str;

    /// What a node has written to its disk in an earlier life, from the words of a `disk` line.
    ///
    /// # Errors
    /// A word is unknown or its value impossible.
    fn records(words: &[(String, String)]) -> Result<Vec<Self::Record>, String>;

    /// All that matters of a node.
    fn state(&self) -> String;

    /// What is in a message, without its kind.
    fn message(msg: &Self::Msg) -> String;

    /// What is in a record.
    fn record(record: &Self::Record) -> String;
}

/// How the nodes are made.
pub(crate) struct Setup<N: Node> {
    pub(crate) config: N::Config,
    /// What is done to their effects, if the planted bug is of that kind.
    pub(crate) tamper: Option<&'static dyn Tamper<N>>,
}

/// A message on its way.
pub(crate) fn sent<N: Spoken>((from, to): Link, msg: &N::Msg) -> String {
    format!("{from}→{to} {} {}", msg.kind(), N::message(msg))
}

/// What an effect looks like; nothing for timers, and for syncs, whose worth depends on the disk.
pub(crate) fn told<N: Spoken>(id: NodeId, effect: &EffectOf<N>) -> Option<String> {
    match effect {
        Effect::Send { to, msg } => Some(sent::<N>((id, *to), msg)),
        Effect::Reply { to, ret } => Some(format!("{id} answers {to}: {ret}")),
        Effect::Reject { to, hint: Some(hint) } => Some(format!("{id} rejects {to}: try {hint}")),
        Effect::Reject { to, hint: None } => Some(format!("{id} rejects {to}")),
        Effect::Write(record) => Some(format!("{id} writes {}", N::record(record))),
        Effect::Compact(records) => {
            let records: Vec<String> = records.iter().map(N::record).collect();
            Some(format!("{id} rewrites its journal: {}", records.join("; ")))
        }
        Effect::Note(text) => Some(format!("{id} notes: {text}")),
        Effect::Reached(milestone) => Some(format!("{id} reaches {}", milestone.name)),
        Effect::Halt(why) => Some(format!("{id} stops: {why}")),
        Effect::SetTimer { .. } | Effect::CancelTimer { .. } | Effect::Sync { .. } => None,
    }
}
