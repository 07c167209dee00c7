//! The acceptor: it promises, and it accepts (§2.2). All of safety rests on what it never forgets.

use super::rules::Rules;
use super::types::{Ballot, Vote};

/// What an acceptor knows of one decree: "the highest-numbered proposal that it has ever accepted and the number of the
/// highest-numbered prepare request to which it has responded" (§2.2). Both are durable before anybody hears of them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Acceptor<O> {
    promised: Option<Ballot>,
    vote: Option<Vote<O>>,
}

impl<O> Default for Acceptor<O> {
    fn default() -> Self {
        Acceptor { promised: None, vote: None }
    }
}

impl<O> Acceptor<O> {
    /// What it was before a restart.
    pub fn recovered(promised: Option<Ballot>, vote: Option<Vote<O>>) -> Acceptor<O> {
        Acceptor { promised, vote }
    }

    /// The ballot below which it accepts nothing, if it has promised any.
    pub fn promised(&self) -> Option<Ballot> {
        self.promised
    }

    /// What it has accepted last.
    pub fn vote(&self) -> Option<&Vote<O>> {
        self.vote.as_ref()
    }

    /// Phase 1b: promises the ballot, unless a higher one is promised.
    ///
    /// # Errors
    /// The ballot that was promised already.
    pub fn prepare(&mut self, ballot: Ballot, rules: &dyn Rules) -> Result<(), Ballot> {
        match self.promised {
            Some(promised) if !rules.may_promise(promised, ballot) => Err(promised),
            _ => {
                self.promised = Some(ballot);
                Ok(())
            }
        }
    }

    /// Phase 2b: accepts the proposal, unless a higher ballot is promised.
    ///
    /// # Errors
    /// The ballot that was promised already.
    pub fn accept(&mut self, vote: Vote<O>, rules: &dyn Rules) -> Result<(), Ballot> {
        match self.promised {
            Some(promised) if !rules.may_accept(promised, vote.ballot) => Err(promised),
            promised => {
                self.promised = rules.promise_after_accept(promised, vote.ballot);
                self.vote = Some(vote);
                Ok(())
            }
        }
    }
}
