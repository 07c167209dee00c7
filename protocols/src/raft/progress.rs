//! What a leader knows of one follower, and what is under way to it (§5.3: `nextIndex`, `matchIndex`; thesis §10.2.2: pipelining).

use std::collections::VecDeque;

use super::log::Log;
use super::types::{EntryId, LogIndex, Round};

/// A leader's view of one server; its own place holds what it knows of itself.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    /// `matchIndex`: up to here the server's log is the leader's, and durable. It never falls, unless the server says that its disk was lost.
    pub(super) matched: LogIndex,
    /// `nextIndex`: what is sent next. Invariant: above `matched`.
    pub(super) next: LogIndex,
    /// The last round that the server has confirmed.
    pub(super) round: Round,
    /// Whether it has answered since the quorum was last checked.
    pub(super) heard: bool,
    /// Whether it was sent something since the last heartbeat.
    pub(super) sent: bool,
    pace: Pace,
    /// The last index of each message with entries that was not acknowledged, oldest first.
    under_way: VecDeque<LogIndex>,
    /// Whether all that is under way was so at the last heartbeat already.
    stalled: bool,
}

/// How boldly entries are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pace {
    /// Where the logs agree is being found out: one message at a time, and `next` stays until it is answered.
    Probe,
    /// They agree: messages are sent without waiting for the answers to those before, and `next` is what no message has carried.
    Pipeline,
}

impl Progress {
    /// Of a server that a new leader knows nothing of: it begins with its own last entry (§5.3).
    pub(super) fn new(last: LogIndex) -> Progress {
        Progress {
            matched: LogIndex::ZERO,
            next: last.next(),
            round: Round::ZERO,
            heard: false,
            sent: false,
            pace: Pace::Probe,
            under_way: VecDeque::new(),
            stalled: false,
        }
    }

    /// Whether another message with entries may be sent now.
    pub(super) fn has_room(&self, window: usize) -> bool {
        let window = if self.pace == Pace::Probe { 1 } else { window };
        self.under_way.len() < window
    }

    /// A message with entries up to `last` is on its way.
    pub(super) fn on_sent(&mut self, last: LogIndex) {
        if self.under_way.is_empty() {
            self.stalled = false;
        }
        self.under_way.push_back(last);
        self.sent = true;
        if self.pace == Pace::Pipeline {
            self.next = last.next();
        }
    }

    /// A chunk of a snapshot whose last entry stands at `last` is on its way: one message at a time, until it is complete.
    pub(super) fn on_chunk_sent(&mut self, last: LogIndex) {
        self.pace = Pace::Probe;
        self.under_way.clear();
        self.under_way.push_back(last);
        self.stalled = false;
        self.sent = true;
    }

    /// The server has received part of a snapshot, and waits for the next.
    pub(super) fn on_partial(&mut self) {
        self.under_way.clear();
    }

    /// The server has all entries up to `index`.
    pub(super) fn on_match(&mut self, index: LogIndex) {
        if index.next() >= self.next {
            self.pace = Pace::Pipeline;
            self.next = index.next();
        }
        if index > self.matched {
            self.matched = index;
            self.stalled = false;
            while self.under_way.front().is_some_and(|&last| last <= index) {
                self.under_way.pop_front();
            }
        }
    }

    /// The server did not have the entry at `prev`, and its log cannot agree with that entry's leader behind `hint`.
    pub(super) fn on_conflict<O: Clone>(&mut self, prev: LogIndex, hint: EntryId, log: &Log<O>) {
        let probing = self.pace == Pace::Probe;
        if prev <= self.matched || (probing && prev.next() != self.next) {
            return; // An answer to a message from before what is known by now.
        }
        self.pace = Pace::Probe;
        self.under_way.clear();
        self.next = log.last_agreeable(hint).index.max(self.matched).next();
    }

    /// Another heartbeat period has passed. What was under way all that time is taken for lost, and will be sent again.
    pub(super) fn on_tick(&mut self) {
        if self.under_way.is_empty() {
            return;
        }
        if !self.stalled {
            self.stalled = true;
            return;
        }
        if self.pace == Pace::Pipeline {
            self.pace = Pace::Probe;
            self.next = self.matched.next();
        }
        self.under_way.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::types::{Entry, Payload, Term};
    use super::*;

    fn at(index: u64) -> LogIndex {
        LogIndex::new(index)
    }

    /// A follower with which the leader agrees up to 5.
    fn pipelining() -> Progress {
        let mut progress = Progress::new(at(4));
        progress.on_sent(at(5));
        progress.on_match(at(5));
        progress
    }

    #[test]
    fn one_message_at_a_time_until_the_logs_are_known_to_agree_then_a_window_of_them() {
        let mut progress = Progress::new(at(4));
        progress.on_sent(at(5));
        assert!(!progress.has_room(3));
        progress.on_match(at(5));
        for last in 6..=8 {
            assert!(progress.has_room(3));
            progress.on_sent(at(last));
        }
        assert!(!progress.has_room(3));
        assert_eq!(progress.next, at(9));
        progress.on_match(at(7)); // It acknowledges the two before as well.
        assert!(progress.has_room(2));
        assert!(!progress.has_room(1));
    }

    #[test]
    fn acknowledgements_that_were_overtaken_change_nothing() {
        let mut progress = pipelining();
        progress.on_match(at(3));
        assert_eq!((progress.matched, progress.next), (at(5), at(6)));
    }

    #[test]
    fn a_conflict_skips_all_that_cannot_agree() {
        let mut log: Log<u8> = Log::default();
        for term in [1, 1, 1, 4, 4, 5, 6] {
            log.push(Entry::new(Term::new(term), Payload::NoOp));
        }
        let mut progress = Progress::new(at(6));
        progress.on_sent(at(7));
        // The follower has 1 1 1 2 2 3 3 (Figure 7 e and f): it hints at its last entry up to 6 of term 5 or less.
        progress.on_conflict(at(6), EntryId { term: Term::new(3), index: at(6) }, &log);
        assert_eq!(progress.next, at(4), "of the leader's log, only the first three are of term 3 or less");
        assert!(progress.has_room(1), "the probe was answered");
        progress.on_sent(at(7));
        progress.on_conflict(at(6), EntryId { term: Term::ZERO, index: at(0) }, &log);
        assert_eq!(progress.next, at(4), "an answer to the first probe that was duplicated changes nothing");
    }

    #[test]
    fn what_is_not_acknowledged_for_a_whole_heartbeat_period_is_sent_again() {
        let mut progress = pipelining();
        progress.on_sent(at(6));
        progress.on_sent(at(8));
        progress.on_tick();
        progress.on_match(at(6));
        progress.on_tick();
        assert_eq!(progress.next, at(9), "it has just made progress");
        progress.on_tick();
        assert_eq!(progress.next, at(7));
        assert!(progress.has_room(1));
    }
}
