//! What a protocol tells the dialogues of itself, and how things are written.

use shaketable_protocols::tamper::Tamper;
use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Effect, EffectOf, Message, Node};
use shaketable_sim::param::{Args, ParamError};
use shaketable_sim::spec::any::{Any, State};

use crate::links::Link;

/// A protocol that scripts can talk about: how its words are written.
pub(crate) trait Spoken: Node<Service = Any> {
    /// Whether what clients see must be linearizable: of a protocol that does not promise it, its properties alone are checked.
    const LINEARIZABLE: bool;

    /// How the nodes of a cluster of that size are made.
    ///
    /// # Errors
    /// What does not fit together of the parameters.
    fn config(args: &Args, nodes: usize) -> Result<Self::Config, Vec<(&'static str, ParamError)>>;

    /// The same with a planted bug. None if there is none of this name.
    fn planted(config: Self::Config, bug: &str) -> Option<Setup<Self>>;

    /// The same with this rule broken, which no planted bug breaks: to see that its script would show it. None if there is none of this name.
    fn broken(config: Self::Config, rule: &str) -> Option<Setup<Self>>;

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

impl<N: Node> Setup<N> {
    /// Nodes whose effects are carried out as they are.
    pub(crate) fn plain(config: N::Config) -> Setup<N> {
        Setup { config, tamper: None }
    }
}

/// The state of an object of a store: what was put there, or nothing, or whatever else it is.
pub(crate) fn value(state: &State) -> String {
    match state {
        State::Fresh => "nothing".to_owned(),
        State::Kv(Some(value)) => value.to_string(),
        other => format!("{other:?}"),
    }
}

/// A message on its way.
pub(crate) fn sent<N: Spoken>((from, to): Link, msg: &N::Msg) -> String {
    format!("{from}→{to} {} {}", msg.kind(), N::message(msg)).trim_end().to_owned()
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
