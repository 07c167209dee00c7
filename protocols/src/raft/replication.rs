//! A follower: what it takes into its log, what it acknowledges, and what it takes for committed (§5.3).

use shaketable_sim::id::NodeId;
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::milestones;
use super::types::{AppendEntries, Appended, Entries, EntryId, LogIndex, Msg, Outcome, Record, Timer};
use super::{Following, Raft, Role};

impl<S: Spec> Raft<S> {
    pub(super) fn on_append_entries(&mut self, from: NodeId, append: AppendEntries<S::Op>, ctx: &mut Ctx<'_, Self>) {
        self.observe_term(append.term, ctx);
        let mut outcome = Outcome::Stale;
        if append.term >= self.term {
            if !self.hear(from, ctx) {
                return;
            }
            outcome = self.take(&append, ctx);
        }
        let reply = Appended { term: self.term, round: append.round, outcome };
        Self::say(from, Msg::Appended(reply), ctx);
    }

    /// §5.2: somebody leads in the current term; a candidate gives way. False if this very server leads: then there are two
    /// leaders of one term, which cannot be, and neither can be right.
    pub(super) fn hear(&mut self, leader: NodeId, ctx: &mut Ctx<'_, Self>) -> bool {
        let following = Following { leader: Some(leader), heard: Some(ctx.now()) };
        match &mut self.role {
            Role::Follower(old) => *old = following,
            Role::Candidate(_) => self.follow(following, ctx),
            Role::Leader(_) | Role::Faulty(_) => return false,
        }
        ctx.set_timer(Timer::Election, self.timeout);
        true
    }

    /// Takes what the leader of the current term sends, if it fits the own log.
    fn take(&mut self, append: &AppendEntries<S::Op>, ctx: &mut Ctx<'_, Self>) -> Outcome {
        if append.prev.index < self.log.start().index {
            return self.take_rest(append, ctx);
        }
        let AppendEntries { prev, entries, .. } = append;
        let rules = self.config.rules;
        if !rules.log_matches(self.log.term_at(prev.index), *prev) {
            return Outcome::Conflict { prev: prev.index, hint: self.log.last_agreeable(*prev) };
        }
        self.store(*prev, entries, ctx);
        let verified = prev.index.plus(entries.len());
        self.commit_to(rules.follower_commit(append.commit, verified), ctx);
        Outcome::Match(rules.acknowledged(verified, self.log.last_index()))
    }

    /// Takes what the leader sends, but for those of its entries that a snapshot of this server stands for: they are committed, so they are the same.
    fn take_rest(&mut self, append: &AppendEntries<S::Op>, ctx: &mut Ctx<'_, Self>) -> Outcome {
        let start = self.log.start().index;
        let known = start.distance(append.prev.index);
        match append.entries.get(known - 1) {
            None => Outcome::Match(append.prev.index.plus(append.entries.len())),
            Some(last) => {
                let prev = EntryId { term: last.term, index: start };
                let entries = Entries::from(&append.entries[known..]);
                self.take(&AppendEntries { prev, entries, ..*append }, ctx)
            }
        }
    }

    /// Figure 2 (AppendEntries, steps 3 and 4): keeps what it has, up to the first entry that is another one.
    fn store(&mut self, prev: EntryId, entries: &Entries<S::Op>, ctx: &mut Ctx<'_, Self>) {
        let rules = self.config.rules;
        let own = self.log.slice(prev.index.next(), entries.len());
        let pairs = own.iter().zip(entries.iter());
        let kept = pairs.take_while(|(own, sent)| !rules.conflicts(own.term, sent.term)).count();
        if kept == entries.len() {
            return;
        }
        let after = prev.index.plus(kept);
        let new = if kept == 0 { entries.clone() } else { Entries::from(&entries[kept..]) };
        self.log.truncate(after);
        for _ in 0..self.membership.truncate(after) {
            ctx.reached(milestones::CONFIGURATION_ROLLED_BACK);
        }
        self.log.extend(&new);
        self.membership.extend(after.next(), &new);
        ctx.write(Record::Append { after, entries: new });
    }

    /// A message that was overtaken tells of an older commit index; the own one never falls.
    fn commit_to(&mut self, index: LogIndex, ctx: &mut Ctx<'_, Self>) {
        if index > self.commit {
            self.commit = index;
            self.apply_committed(ctx);
        }
    }
}
