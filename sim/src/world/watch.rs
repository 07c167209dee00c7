//! The history as it grows, if the scenario asks for it to be checked at once.

use super::World;
use super::verdict::judge;
use crate::check::linearizable::{Online, Watch};
use crate::history::Outcome;
use crate::node::Node;
use crate::run::Verdict;

/// In how many configurations an object may be before it is left to the check at the end. A few dozen are usual.
const MOST: usize = 1_000;

impl<N: Node> World<'_, N> {
    /// The check of a run's history as it grows, if that is asked for.
    pub(super) fn watcher(&self) -> Option<Box<Online<N::Service>>> {
        let check = &self.plan.check;
        (check.linearizable && check.at_once).then(|| Box::new(Online::new(MOST)))
    }

    /// An operation was asked for: the one at this place in the history.
    pub(super) fn watch_asked(&mut self, place: usize) {
        if let Some(online) = &mut self.online {
            online.invoked(place as u32, &self.history[place].op);
        }
    }

    /// Its outcome is known, or it is known that nobody will ever know it.
    pub(super) fn watch_ended(&mut self, place: usize) {
        let Some(online) = &mut self.online else { return };
        let watch = match &self.history[place].outcome {
            Outcome::Ok { ret, .. } => online.returned(place as u32, ret),
            Outcome::Failed => online.failed(place as u32),
            Outcome::Unknown => return online.lost(place as u32),
        };
        if let Watch::Violation(_) = watch {
            let verdict = judge(&self.history, self.budget());
            assert!(verdict != Verdict::Pass, "the check of the growing history contradicts the other one");
            match self.unless_beyond(verdict) {
                wrong @ Verdict::Violation(_) => self.stop(wrong),
                // Whatever else is wrong may still come.
                _ => self.online = None,
            }
        }
    }
}
