//! What clients saw of single objects: the input of the check.

/// Who asks: one operation after another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Process(pub u64);

/// The name of an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key(pub u64);

/// What an object holds: a value, or nothing, as at first.
pub type Content = Option<u64>;

/// One operation as its client saw it. Histories have them in the order in which they were asked for; of that, only the order
/// of each process matters. What certainly did not happen is left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    /// Whose.
    pub process: Process,
    /// Of which object.
    pub key: Key,
    /// What it did, or tried to.
    pub action: Action,
    /// Whether it was answered. If not, it happens at any moment after all that its process had been answered before, or never: its process
    /// may go on, and nothing says that it comes before what is asked for later.
    pub answered: bool,
}

/// What an operation found in its object, and what it put there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// It found this. If it was not answered, nobody knows what it found.
    Read(Content),
    /// It put this.
    Write(Content),
    /// A compare-and-set that found what it expected, and put something else there at the same moment.
    Swap {
        /// What was expected.
        found: Content,
        /// What is there now.
        put: Content,
    },
    /// A compare-and-set that found something else than this, and put nothing.
    Differs(Content),
}

impl Action {
    /// Whether it puts nothing.
    pub fn is_read(self) -> bool {
        matches!(self, Action::Read(_) | Action::Differs(_))
    }
}
