//! A planned fault as a scenario file would say it.

use super::trigger::{Occasion, Phase, State, Trigger};
use super::{Planned, Start};
use crate::node::Role;
use crate::param::{Args, Value};
use crate::time::{Instant, Span};

impl Planned {
    /// All keys of its table: those of its kind, and those that say when it strikes.
    pub fn written(&self) -> Args {
        let mut args = self.args.clone();
        match &self.start {
            Start::At(at) => args.set("at", Value::Span(at.since(Instant::ZERO))),
            Start::Every(low, high) => args.set("every", Value::Spans(*low, *high)),
            Start::When(trigger, (low, high)) => {
                write_trigger(trigger, &mut args);
                if *high > Span::ZERO {
                    args.set("delay", Value::Spans(*low, *high));
                }
            }
        }
        if let Some((low, high)) = self.lasting {
            args.set("for", Value::Spans(low, high));
        }
        if !matches!(self.start, Start::At(_)) {
            if self.from > Instant::ZERO {
                args.set("since", Value::Span(self.from.since(Instant::ZERO)));
            }
            if self.times < u32::MAX {
                args.set("times", Value::Count(self.times.into()));
            }
        }
        if self.permanent {
            args.set("permanent", Value::Flag(true));
        }
        args
    }
}

fn write_trigger(trigger: &Trigger, args: &mut Args) {
    let when = state(&trigger.state);
    if when.iter().next().is_some() {
        args.set("when", Value::Table(when));
    }
    match &trigger.occasion {
        None => {}
        Some(Occasion::Milestone(name)) => args.set("after", Value::Text(name.clone())),
        Some(message @ Occasion::Message { .. }) => args.set("on-message", Value::Table(occasion(message))),
    }
}

fn state(state: &State) -> Args {
    let State { role, epoch_at_least, committed, leader_changes, completed } = *state;
    let count = |name, count: Option<u64>| count.map(|count| (name, Value::Count(count)));
    let role = role.map(|role: Role| ("role", Value::Choice(role.name())));
    let counts = [
        count("epoch-at-least", epoch_at_least),
        count("committed", committed),
        count("leader-changes", leader_changes),
        count("completed", completed),
    ];
    Args::new(role.into_iter().chain(counts.into_iter().flatten()).collect())
}

fn occasion(occasion: &Occasion) -> Args {
    let Occasion::Message { kind, nth, epoch, from, to, phase } = occasion else { return Args::default() };
    let mut args = Args::new(vec![("kind", Value::Text(kind.clone())), ("nth", Value::Count(*nth))]);
    epoch.iter().for_each(|epoch| args.set("epoch", Value::Count(*epoch)));
    for (name, target) in [("from", from), ("to", to)] {
        target.iter().for_each(|target| args.set(name, Value::Target(target.clone())));
    }
    args.set("phase", Value::Choice(if *phase == Phase::Sent { "sent" } else { "delivered" }));
    args
}
