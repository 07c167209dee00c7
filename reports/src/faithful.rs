//! How much of what a saved case has recorded was met again when it was replayed.
//!
//! A run with the recorded digest is the recorded run. Any other is compared by meaning: what the plan did (faults, operations) and what the
//! nodes said to each other (messages by sender, receiver, kind and epoch), whatever stands between them.

use serde_json::{Value, json};

use crate::text::{counted, grouped};

/// How a replay compares with the recorded run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Faithful {
    /// The digests are the same: it is the recorded run.
    Exactly,
    /// It is another run, of which this was met again.
    ByMeaning(Matches),
    /// It is another run, and nothing was recorded to compare it by.
    Unknown,
}

/// Which of the choices that were recorded were met again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matches {
    /// Faults that did something when they were recorded, and did something again.
    pub faults: Share,
    /// Scripted operations that were asked for again.
    pub operations: Share,
    /// Messages that were sent again.
    pub messages: Share,
    /// What should have been met again and was not, one a line. If there is nothing, the replay went the way of the recorded run until the code itself
    /// went another.
    pub amiss: Vec<String>,
    /// What was not met again and need not have been: messages of the end, where a change of the code shows.
    pub parted: Vec<String>,
}

/// So many of so many.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Share {
    /// Met again.
    pub met: u64,
    /// Recorded.
    pub of: u64,
}

impl Faithful {
    /// Whether a verdict of this run says something about the recorded one.
    pub fn is_faithful(&self) -> bool {
        match self {
            Faithful::Exactly => true,
            Faithful::ByMeaning(matches) => matches.amiss.is_empty(),
            Faithful::Unknown => false,
        }
    }

    /// In a few words, for a table.
    pub(crate) fn brief(&self) -> String {
        match self {
            Faithful::Exactly => "exactly".to_owned(),
            Faithful::ByMeaning(matches) => matches.shares(),
            Faithful::Unknown => "unknown".to_owned(),
        }
    }

    /// In a sentence, for a report.
    pub(crate) fn told(&self) -> String {
        match self {
            Faithful::Exactly => "exactly: the digest is the recorded one".to_owned(),
            Faithful::ByMeaning(matches) => format!("by meaning: {} met again", matches.shares()),
            Faithful::Unknown => "unknown: nothing was recorded to match by".to_owned(),
        }
    }

    /// What was not met again: first what should have been.
    pub(crate) fn unmatched(&self) -> (&[String], &[String]) {
        match self {
            Faithful::ByMeaning(matches) => (&matches.amiss, &matches.parted),
            Faithful::Exactly | Faithful::Unknown => (&[], &[]),
        }
    }

    /// For programs: `exact`, `by-meaning` (null, or `[met, recorded]` of each), `amiss`, `parted`.
    pub(crate) fn json(&self) -> Value {
        let by_meaning = match self {
            Faithful::ByMeaning(Matches { faults, operations, messages, .. }) => json!({
                "faults": [faults.met, faults.of],
                "operations": [operations.met, operations.of],
                "messages": [messages.met, messages.of],
            }),
            Faithful::Exactly | Faithful::Unknown => Value::Null,
        };
        let (amiss, parted) = self.unmatched();
        json!({ "exact": *self == Faithful::Exactly, "by-meaning": by_meaning, "amiss": amiss, "parted": parted })
    }
}

impl Matches {
    /// Whether everything was met again, up to the last message.
    pub fn is_complete(&self) -> bool {
        self.amiss.is_empty() && self.parted.is_empty()
    }

    /// `3 of 3 faults, 2 of 2 operations, 99 of 99 messages`; what was not there to be met is left out.
    fn shares(&self) -> String {
        let share = |share: &Share, noun| {
            (share.of > 0).then(|| format!("{} of {}", grouped(share.met), counted(share.of, noun)))
        };
        let shares: Vec<String> =
            [share(&self.faults, "fault"), share(&self.operations, "operation"), share(&self.messages, "message")]
                .into_iter()
                .flatten()
                .collect();
        if shares.is_empty() { "all of nothing".to_owned() } else { shares.join(", ") }
    }
}
