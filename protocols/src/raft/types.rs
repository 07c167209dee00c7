//! The words of Raft: terms, indexes, entries, messages and records.
//!
//! Message and field names are those of the paper's Figure 2 where it has one. Who sent a message is told by the
//! network, so neither `leaderId` nor `candidateId` is in any of them.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::Serialize;
use shaketable_sim::digest::digest_of;
use shaketable_sim::id::{Key, NodeId, OpId};
use shaketable_sim::node::Message;
use shaketable_sim::spec::{Data, Spec};

use super::configuration::Configuration;
use super::rejoin::{Loss, Rejoin};
pub use super::shared::Shared;

macro_rules! number {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
        pub struct $type(u64);

        impl $type {
            /// The one before the first.
            pub const ZERO: $type = $type(0);

            /// This one.
            pub const fn new(number: u64) -> $type {
                $type(number)
            }

            /// The one that follows.
            pub const fn next(self) -> $type {
                $type(self.0 + 1)
            }

            /// As a bare number.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// A term: Raft's logical time (§5.1). The first election is for term 1; nobody leads in term 0.
    Term
}

number! {
    /// A place in the log. The first entry stands at 1; at 0 stands nothing, and all logs agree on that.
    LogIndex
}

number! {
    /// A round of leadership confirmation within one leader's term (thesis §6.4). Every AppendEntries carries the leader's current
    /// one and its reply brings it back, so that a reply proves that its sender still followed after the round began.
    Round
}

impl LogIndex {
    /// The index `count` places further on.
    pub const fn plus(self, count: usize) -> LogIndex {
        LogIndex(self.0 + count as u64)
    }

    /// The index before this one. Nothing stands before 0.
    pub const fn previous(self) -> LogIndex {
        LogIndex(self.0.saturating_sub(1))
    }

    /// How many indexes lie above `earlier`, up to and including this one; none if it is not earlier.
    pub const fn distance(self, earlier: LogIndex) -> usize {
        self.0.saturating_sub(earlier.0) as usize
    }
}

/// Which entry: its term and its place. The order is that of §5.4.1: the later term is more up to date, within
/// one term the longer log is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct EntryId {
    /// The term in which a leader created it.
    pub term: Term,
    /// Its place.
    pub index: LogIndex,
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.index, self.term)
    }
}

/// An entry of the log.
///
/// Guarantee: neither of its fields is changed once it is made, so its digest is that of both.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Entry<O> {
    /// The term in which a leader created it.
    pub term: Term,
    /// What it asks of the state machine.
    pub payload: Payload<O>,
    /// An entry is hashed a dozen times: in each message and record that carries it, and by who compares the logs.
    #[serde(skip)]
    digest: u64,
}

impl<O: Hash> Entry<O> {
    /// An entry that a leader creates in `term`.
    pub fn new(term: Term, payload: Payload<O>) -> Entry<O> {
        let digest = digest_of(&(term, &payload));
        Entry { term, payload, digest }
    }
}

impl<O> Hash for Entry<O> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.digest);
    }
}

/// What an entry asks for.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Payload<O> {
    /// Nothing: a leader's first entry, by which it commits those of earlier terms (§8, thesis §6.4).
    NoOp,
    /// A client's operation.
    Command {
        /// Whose and which, for exactly-once semantics (thesis §6.3).
        id: OpId,
        /// What is asked.
        op: O,
    },
    /// That these be the members (§6).
    Config(Box<Configuration>),
}

/// Consecutive entries of a log.
pub type Entries<O> = Shared<Entry<O>>;

/// What servers send each other: about entries that ask for `O`, and about snapshots in pieces `P`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Msg<O, P> {
    /// Would you vote for me, if I stood for this term? Changes nothing at the receiver (thesis §9.6).
    RequestPreVote(RequestVote),
    /// The answer to that. If granted, `term` is the one that was asked about, else the sender's own.
    PreVote(Vote),
    /// Vote for me (§5.2).
    RequestVote(RequestVote),
    /// The answer to that.
    Vote(Vote),
    /// Follow me, and put these entries into your log (§5.3); a heartbeat if there are none.
    AppendEntries(AppendEntries<O>),
    /// The answer to that.
    Appended(Appended),
    /// From a leader to itself: a sync has returned (thesis §10.2.1).
    Durable(Durable),
    /// Take this part of a snapshot: the entries that it stands for are no longer in my log (§7). Answered as AppendEntries is.
    InstallSnapshot(InstallSnapshot<P>),
    /// Stand for election now: I, the leader of this term, want you to lead (thesis §3.10).
    TimeoutNow(Term),
    /// My disk was lost: I take no part (thesis §11.7.3).
    Lost(Loss),
    /// The answer to that: begin anew.
    Rejoin(Rejoin),
}

/// The arguments of RequestVote (Figure 2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct RequestVote {
    /// The term that the candidate stands for.
    pub term: Term,
    /// The last entry of the candidate's log.
    pub last: EntryId,
    /// Whether the leader itself wants the candidate to lead (thesis §4.2.3): then it does not matter that it was just heard of.
    pub handed_over: bool,
}

/// The results of RequestVote (Figure 2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Vote {
    /// The voter's term, for the candidate to update itself.
    pub term: Term,
    /// Whether the candidate has the vote.
    pub granted: bool,
}

/// The arguments of AppendEntries (Figure 2).
///
/// Guarantees:
/// 1. The first of `entries` stands directly after `prev` in the leader's log, each other one directly after the one before it.
/// 2. Their terms never fall, begin at `prev.term` or above, and end at `term` or below.
/// 3. `term` is durable at the leader. `entries` need not be (thesis §10.2.1).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct AppendEntries<O> {
    /// The leader's term.
    pub term: Term,
    /// The entry directly before `entries` (`prevLogIndex`, `prevLogTerm`).
    pub prev: EntryId,
    /// What to append; may be empty.
    pub entries: Entries<O>,
    /// The leader's commit index.
    pub commit: LogIndex,
    /// The leader's current round of confirmation.
    pub round: Round,
}

/// The results of AppendEntries (Figure 2).
///
/// Guarantees:
/// 1. It leaves its sender only when all that it reveals is durable there.
/// 2. When the AppendEntries was handled, its sender was in `term`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Appended {
    /// The follower's term, for the leader to update itself.
    pub term: Term,
    /// The round of the AppendEntries that this answers.
    pub round: Round,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an AppendEntries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The follower's log agrees with the leader's up to this index: the last entry that the AppendEntries told of, and
    /// not the last of the follower's log, which may go on with entries that the leader does not have.
    Match(LogIndex),
    /// The follower's log does not contain the preceding entry.
    Conflict {
        /// The index of that preceding entry.
        prev: LogIndex,
        /// The last entry of the follower's log that may still be the leader's: every later one up to `prev` is of a
        /// term above `prevLogTerm` (§5.3, the optimisation at its end).
        hint: EntryId,
    },
    /// The AppendEntries was of an earlier term.
    Stale,
    /// The follower has received so many pieces, the first ones, of a snapshot that is not complete.
    Partial {
        /// The last entry that the snapshot stands for.
        last: EntryId,
        /// How many pieces.
        received: u32,
    },
}

/// What the entries up to one of them have made, in place of those entries (§7, thesis §5.1).
///
/// Guarantee: `last` was committed when the snapshot was taken, and the content follows from the entries alone. So two snapshots
/// with the same `last` are the same, whoever took them.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Snapshot<P> {
    /// The last entry that it stands for (`lastIncludedIndex`, `lastIncludedTerm`).
    pub last: EntryId,
    /// The objects and the sessions, and the configuration.
    pub pieces: Shared<P>,
}

/// A piece of a snapshot: one object of state `T`, the session of one client, whose last answer was an `R`, or the configuration, unless that
/// is still the one that the cluster began with.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Piece<T, R> {
    /// An object.
    Object {
        /// Which.
        key: Key,
        /// As the entries have made it.
        state: T,
    },
    /// A session (thesis §6.3).
    Session {
        /// The client's last operation that was applied.
        id: OpId,
        /// The answer to it.
        ret: R,
    },
    /// The configuration as of the last entry (§7, thesis §5.1).
    Config(Configuration),
}

/// The pieces of snapshots of a service.
pub type PieceOf<S> = Piece<<S as Spec>::State, <S as Spec>::Ret>;

/// The messages of a service's servers.
pub type MsgOf<S> = Msg<<S as Spec>::Op, PieceOf<S>>;

/// The records of a service's servers.
pub type RecordOf<S> = Record<<S as Spec>::Op, PieceOf<S>>;

/// The arguments of InstallSnapshot (Figure 13). A chunk is some of the pieces.
///
/// Guarantee: `pieces` are those that stand at `offset` in the snapshot whose last entry is `last`, and `done` says whether they end it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct InstallSnapshot<P> {
    /// The leader's term.
    pub term: Term,
    /// The last entry that the snapshot stands for (`lastIncludedIndex`, `lastIncludedTerm`).
    pub last: EntryId,
    /// How many pieces precede these.
    pub offset: u32,
    /// The chunk; may be empty if the whole snapshot is.
    pub pieces: Shared<P>,
    /// Whether it is the last chunk.
    pub done: bool,
    /// The leader's current round of confirmation.
    pub round: Round,
}

/// The leader's own log is durable up to `index`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Durable {
    /// The leader's term when it asked for the sync: what it held in another term may since have been overwritten.
    pub term: Term,
    /// The last entry that the sync covers.
    pub index: LogIndex,
}

impl<O: Data, P: Data> Message for Msg<O, P> {
    fn kind(&self) -> &'static str {
        match self {
            Msg::RequestPreVote(_) => "RequestPreVote",
            Msg::PreVote(_) => "PreVote",
            Msg::RequestVote(_) => "RequestVote",
            Msg::Vote(_) => "Vote",
            Msg::AppendEntries(_) => "AppendEntries",
            Msg::Appended(_) => "Appended",
            Msg::Durable(_) => "Durable",
            Msg::InstallSnapshot(_) => "InstallSnapshot",
            Msg::TimeoutNow(_) => "TimeoutNow",
            Msg::Lost(_) => "Lost",
            Msg::Rejoin(_) => "Rejoin",
        }
    }

    fn is_routine(&self) -> bool {
        matches!(self, Msg::AppendEntries(append) if append.entries.is_empty())
    }

    fn epoch(&self) -> u64 {
        let term = match self {
            Msg::RequestPreVote(ask) | Msg::RequestVote(ask) => ask.term,
            Msg::PreVote(vote) | Msg::Vote(vote) => vote.term,
            Msg::AppendEntries(append) => append.term,
            Msg::Appended(appended) => appended.term,
            Msg::Durable(durable) => durable.term,
            Msg::InstallSnapshot(install) => install.term,
            Msg::TimeoutNow(term) => *term,
            Msg::Rejoin(rejoin) => rejoin.term,
            Msg::Lost(_) => return 0,
        };
        term.get()
    }
}

/// What a server writes to its journal: the persistent state of Figure 2, as changes to it.
///
/// Guarantees, in every journal that this protocol has written and no disk has damaged:
/// 1. The first record is a [`Record::Ballot`], from the very first boot.
/// 2. The terms of ballots never fall; between two of one term the vote goes from none to one, and never to another.
/// 3. An [`Record::Append`] starts no later than directly after the end of the log that the records before it make, and not before
///    the last entry of their snapshot.
/// 4. A [`Record::Rejoined`] stands directly behind the first record, and a [`Record::Snapshot`] directly behind those two: they come with a
///    journal that is replaced.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record<O, P> {
    /// `currentTerm` and `votedFor`, together: a crash between two writes of them could forget a vote in a term that is remembered.
    Ballot {
        /// The term.
        term: Term,
        /// Whom this server has voted for in it.
        vote: Option<NodeId>,
    },
    /// The log ends at `after`, and goes on with `entries`: whatever stood there is overwritten.
    Append {
        /// The last index that stays as it is.
        after: LogIndex,
        /// What follows it.
        entries: Entries<O>,
    },
    /// The disk was lost once, and this server has begun anew: it takes part from this entry on.
    Rejoined(LogIndex),
    /// The log begins behind this snapshot.
    Snapshot(Snapshot<P>),
}

/// The names of a server's timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// A follower or candidate has heard of no leader for an election timeout (§5.2); a leader that checks its quorum looks who
    /// has answered since the last time (thesis §6.2).
    Election,
    /// A leader sends heartbeats, and again what was not acknowledged (§5.2, §5.3).
    Heartbeat,
    /// A leader that hands over still leads after an election timeout (thesis §3.10).
    Transfer,
}
