//! Levels, what they promise, and what a check found of each.

use std::fmt;

/// A level of consistency, the stronger before the weaker. Which contains which is told by [`Level::implies`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// One order of all operations, in which each process's are in its own order, explains all answers (Lamport 1979).
    Sequential,
    /// CCv: causal, and all agree on one order of writes, of which each read finds the newest that it follows (Burckhardt 2014;
    /// Bouajjani et al. 2017, §3.3).
    CausalConvergence,
    /// CM: for each process some order of what it follows, its own operations and all writes, explains all of its answers
    /// (Ahamad et al. 1995; Bouajjani et al. 2017, §3.2).
    CausalMemory,
    /// CC: for each operation some order of what it follows explains its answer (Hutto, Ahamad 1990, as Bouajjani et al. 2017, §3.1, have it).
    Causal,
    /// All session guarantees, with one order of versions.
    Sessions,
    /// One of the guarantees by itself. Monotonic writes hold by themselves of every history whose operations find one object each and find what was put:
    /// it takes two reads that go together to see that one is missing.
    Session(Guarantee),
}

/// What a client is promised that talks to one replica now and to another then (Terry et al. 1994, §3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Guarantee {
    /// A read finds no older version than those that its process has written.
    ReadYourWrites,
    /// A read finds no older version than an earlier one of its process.
    MonotonicReads,
    /// Everywhere a process's writes come in its own order.
    MonotonicWrites,
    /// Everywhere a write comes after what its process had read.
    WritesFollowReads,
}

use Guarantee::*;

impl Guarantee {
    /// All of them.
    pub const ALL: [Guarantee; 4] = [ReadYourWrites, MonotonicReads, MonotonicWrites, WritesFollowReads];

    /// The one about a read or write and a later one of the same process: whether each writes.
    pub(super) fn between(first_writes: bool, second_writes: bool) -> Guarantee {
        match (first_writes, second_writes) {
            (true, false) => ReadYourWrites,
            (false, false) => MonotonicReads,
            (true, true) => MonotonicWrites,
            (false, true) => WritesFollowReads,
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            ReadYourWrites => "read-your-writes",
            MonotonicReads => "monotonic-reads",
            MonotonicWrites => "monotonic-writes",
            WritesFollowReads => "writes-follow-reads",
        }
    }
}

/// Guarantees that are to hold with one order of versions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Guarantees(u8);

impl Guarantees {
    /// All four.
    pub const ALL: Guarantees = Guarantees(15);

    /// All sets but the empty one; each comes after its subsets.
    pub fn sets() -> impl Iterator<Item = Guarantees> {
        (1..=4).flat_map(|size| (1..16).filter(move |set: &u8| set.count_ones() == size).map(Guarantees))
    }

    /// Whether one is among them.
    pub fn has(self, one: Guarantee) -> bool {
        self.0 & Guarantees::from(one).0 != 0
    }

    /// Whether all of these are among others.
    pub fn is_part_of(self, others: Guarantees) -> bool {
        self.0 & !others.0 == 0
    }

    /// Those that are in it.
    pub fn members(self) -> impl Iterator<Item = Guarantee> {
        Guarantee::ALL.into_iter().filter(move |&one| self.has(one))
    }
}

impl From<Guarantee> for Guarantees {
    fn from(one: Guarantee) -> Guarantees {
        Guarantees(1 << one as u8)
    }
}

impl Level {
    /// All levels, the strongest first.
    pub const ALL: [Level; 9] = [
        Level::Sequential,
        Level::CausalConvergence,
        Level::CausalMemory,
        Level::Causal,
        Level::Sessions,
        Level::Session(ReadYourWrites),
        Level::Session(MonotonicReads),
        Level::Session(MonotonicWrites),
        Level::Session(WritesFollowReads),
    ];

    /// Whether each history of this level is one of another.
    ///
    /// Causal memory implies not all session guarantees as these are meant here, because two processes may disagree for ever on which of two versions is the newer.
    ///
    /// ```
    /// use shaketable_sim::check::consistency::{Guarantee, Level};
    /// assert!(Level::CausalConvergence.implies(Level::Session(Guarantee::MonotonicReads)));
    /// assert!(!Level::CausalMemory.implies(Level::CausalConvergence));
    /// ```
    pub fn implies(self, weaker: Level) -> bool {
        self == weaker
            || match self {
                Level::Sequential => true,
                Level::CausalConvergence => matches!(weaker, Level::Causal | Level::Sessions | Level::Session(_)),
                Level::CausalMemory => weaker == Level::Causal,
                Level::Sessions => matches!(weaker, Level::Session(_)),
                Level::Causal | Level::Session(_) => false,
            }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Sequential => "sequential",
            Level::CausalConvergence => "causal-convergence",
            Level::CausalMemory => "causal-memory",
            Level::Causal => "causal",
            Level::Sessions => "session-guarantees",
            Level::Session(guarantee) => guarantee.name(),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is known of a level.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The history is one of this level, whatever became of what was not answered.
    Holds,
    /// It is none, because of this.
    Violated(Evidence),
    /// Nobody knows, because of this.
    Undecided(Doubt),
}

/// A few operations that no history of a level has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// What is wrong with them.
    pub pattern: Pattern,
    /// The one whose answer is wrong, if it is one: a place in the history.
    pub culprit: Option<u32>,
    /// All of them, the culprit too, as places in the history. Without any one nothing is wrong with the rest, unless it put what another found; as far
    /// as the budget allowed to look.
    pub story: Vec<u32>,
}

/// What is wrong with operations. All but the last two are the bad patterns of Bouajjani et al. 2017, Table 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Pattern {
    /// Somebody found what nobody put.
    ThinAirRead,
    /// Some operation follows itself: somebody found what was put only after.
    CyclicCo,
    /// Somebody found nothing, and follows a write.
    WriteCoInitRead,
    /// Somebody found a version, and follows a write that follows that version.
    WriteCoRead,
    /// No order of the writes has each read find the newest that it follows.
    CyclicCf,
    /// In every order that explains what else a process found, a write comes before its read that found nothing.
    WriteHbInitRead,
    /// No order explains all that a process found.
    CyclicHb,
    /// No order of versions is one in which each read finds the newest that it must have.
    VersionOrder,
    /// No order of all operations explains all answers.
    NoOrder,
}

impl Pattern {
    /// Its name in the literature, if it has one.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Pattern::ThinAirRead => "ThinAirRead",
            Pattern::CyclicCo => "CyclicCO",
            Pattern::WriteCoInitRead => "WriteCOInitRead",
            Pattern::WriteCoRead => "WriteCORead",
            Pattern::CyclicCf => "CyclicCF",
            Pattern::WriteHbInitRead => "WriteHBInitRead",
            Pattern::CyclicHb => "CyclicHB",
            Pattern::VersionOrder | Pattern::NoOrder => return None,
        })
    }

    /// What it is, in a few words.
    pub fn gist(self) -> &'static str {
        match self {
            Pattern::ThinAirRead => "a value was found that nobody had put there",
            Pattern::CyclicCo => "a value was found that was put there only because of that",
            Pattern::WriteCoInitRead => "nothing was found, by one that follows a write",
            Pattern::WriteCoRead => "an old value was found, by one that follows a newer one",
            Pattern::CyclicCf => "no order of the writes, the same for all, explains what was found",
            Pattern::WriteHbInitRead => {
                "in every order that explains what else the process found, a write comes before it found nothing"
            }
            Pattern::CyclicHb => "no order explains all that one process found",
            Pattern::VersionOrder => "whichever version is taken for the newer one, somebody found one too old",
            Pattern::NoOrder => "no order explains what was found",
        }
    }
}

/// Why nobody knows whether a history is one of a level.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doubt {
    /// What an operation found was put there more than once, so nobody can tell whose it was. All are places in the history.
    Ambiguous {
        /// Who found it.
        reader: u32,
        /// Who put it.
        first: u32,
        /// Who put it, too. If it is nobody, it was there at first.
        second: Option<u32>,
    },
    /// An operation says only what it did not find: this place in the history. Nothing that is known for certain is wrong.
    Vague(u32),
    /// It would take more states than the budget has.
    States,
    /// It would take more memory than the budget has.
    Bytes,
}

/// What a check found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    pub(super) verdicts: Vec<(Level, Verdict)>,
    pub(super) clashes: Vec<(Guarantees, Evidence)>,
}

impl Report {
    /// What is known of a level.
    pub fn verdict(&self, level: Level) -> &Verdict {
        let mut verdicts = self.verdicts.iter().filter(|(of, _)| *of == level);
        &verdicts.next().expect("a report has all levels").1
    }

    /// Sets of session guarantees that cannot hold with one order of versions, though all of their proper subsets do.
    pub fn clashes(&self) -> &[(Guarantees, Evidence)] {
        &self.clashes
    }

    /// The strongest levels that hold: none of them implies another.
    pub fn strongest(&self) -> Vec<Level> {
        let holds = |level: &&Level| *self.verdict(**level) == Verdict::Holds;
        let covered = |level: Level| {
            Level::ALL.iter().filter(holds).any(|&stronger| stronger != level && stronger.implies(level))
        };
        Level::ALL.iter().filter(holds).filter(|level| !covered(**level)).copied().collect()
    }
}
