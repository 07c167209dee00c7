//! Isolation levels and what each forbids.

use super::anomaly::Anomaly;

/// An isolation level. The weakest come first; which contains which is told by [`Level::implies`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// PL-1 (Adya, Liskov, O'Neil 2000): writes are not interleaved.
    ReadUncommitted,
    /// PL-2 (Adya, Liskov, O'Neil 2000): nothing is read that was aborted or provisional, and information flows one way.
    ReadCommitted,
    /// PL-2.99 (Adya, Liskov, O'Neil 2000). Without predicates in the history it forbids what serializability does.
    RepeatableRead,
    /// Each transaction reads from one snapshot, and of two that are concurrent not both write one key (Berenson et al. 1995, §4.2). The snapshot
    /// may be old: Elnikety, Pedone, Zwaenepoel 2005 call this generalized snapshot isolation.
    SnapshotIsolation,
    /// PL-3 (Adya, Liskov, O'Neil 2000): all is as if one transaction came after another.
    Serializable,
    /// Snapshot isolation whose snapshots have all that the same process has done before (Daudjee, Salem 2006).
    StrongSessionSnapshotIsolation,
    /// Serializable in an order that agrees with that of each process (Daudjee, Salem 2004).
    StrongSessionSerializable,
    /// Snapshot isolation whose snapshots have all that was completed before (Daudjee, Salem 2006).
    StrongSnapshotIsolation,
    /// Serializable in an order that agrees with real time (Papadimitriou 1979; Herlihy, Wing 1990).
    StrictSerializable,
}

use Level::*;

impl Level {
    /// All levels, the weakest first.
    pub const ALL: [Level; 9] = [
        ReadUncommitted,
        ReadCommitted,
        RepeatableRead,
        SnapshotIsolation,
        Serializable,
        StrongSessionSnapshotIsolation,
        StrongSessionSerializable,
        StrongSnapshotIsolation,
        StrictSerializable,
    ];

    /// The levels right below this one.
    fn below(self) -> &'static [Level] {
        match self {
            ReadUncommitted => &[],
            ReadCommitted => &[ReadUncommitted],
            RepeatableRead | SnapshotIsolation => &[ReadCommitted],
            Serializable => &[RepeatableRead, SnapshotIsolation],
            StrongSessionSnapshotIsolation => &[SnapshotIsolation],
            StrongSessionSerializable => &[Serializable, StrongSessionSnapshotIsolation],
            StrongSnapshotIsolation => &[StrongSessionSnapshotIsolation],
            StrictSerializable => &[StrongSessionSerializable, StrongSnapshotIsolation],
        }
    }

    /// Whether a history of this level is also one of another.
    ///
    /// ```
    /// use shaketable_sim::check::transactions::Level;
    /// assert!(Level::Serializable.implies(Level::SnapshotIsolation));
    /// assert!(!Level::RepeatableRead.implies(Level::SnapshotIsolation));
    /// ```
    pub fn implies(self, weaker: Level) -> bool {
        self == weaker || self.below().iter().any(|below| below.implies(weaker))
    }

    /// Whether no history of this level has this anomaly.
    pub fn forbids(self, anomaly: Anomaly) -> bool {
        anomaly.forbidden_from().iter().any(|&weakest| self.implies(weakest))
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            ReadUncommitted => "read uncommitted",
            ReadCommitted => "read committed",
            RepeatableRead => "repeatable read",
            SnapshotIsolation => "snapshot isolation",
            Serializable => "serializable",
            StrongSessionSnapshotIsolation => "strong session snapshot isolation",
            StrongSessionSerializable => "strong session serializable",
            StrongSnapshotIsolation => "strong snapshot isolation",
            StrictSerializable => "strict serializable",
        }
    }
}
