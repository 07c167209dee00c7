//! Rules: what the faults that are in force do to the messages of a link.

use super::flow::{Flow, Name};
use crate::faults::{About, LinkRule};
use crate::rng::{Delay, Stream};
use crate::run::Coverage;
use crate::time::{Instant, Ppm, Span};

/// What one fault does to the messages of one link.
#[derive(Clone)]
pub(super) struct Rule {
    /// The index of the applied fault that put it there.
    pub(super) fault: usize,
    pub(super) what: LinkRule,
    pub(super) about: About,
    /// When its fault struck: that names its streams of chance.
    pub(super) since: Instant,
    /// How many rules of its kind began on this link at the same instant before it: each has streams of its own.
    pub(super) twins: usize,
    /// Its own chance, so that taking it away shifts no draw of the link.
    pub(super) flows: Vec<Flow>,
}

/// A message that is being sent: its name, and the how-manieth of its kind it is on its link.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    pub(super) name: Name,
    pub(super) nth: u64,
    pub(super) nth_in_epoch: u64,
}

/// What rules make of a message.
pub(super) struct Judged {
    pub(super) dropped: bool,
    pub(super) late: Span,
    /// The delay of a second copy.
    pub(super) copy: Option<Span>,
}

impl Rule {
    /// Whether it is about messages of this name, on arrival.
    pub(super) fn is_about(&self, name: Name) -> bool {
        self.about.kind.as_deref().is_none_or(|kind| kind == name.kind)
            && self.about.epoch.is_none_or(|epoch| epoch == name.epoch)
    }

    fn is_about_sent(&self, sent: Sent) -> bool {
        let nth = if self.about.epoch.is_some() { sent.nth_in_epoch } else { sent.nth };
        self.is_about(sent.name) && self.about.nth.is_none_or(|wanted| wanted == nth)
    }

    /// Whether it keeps everything from getting through.
    pub(super) fn keeps_all(&self) -> bool {
        self.about == About::default() && matches!(self.what, LinkRule::Cut | LinkRule::Hold | LinkRule::Loss(Ppm::ONE))
    }

    /// What chance has in store for a message that it is about.
    fn chance(
        &mut self,
        name: Name,
        stream: &impl Fn(&'static str, (Instant, usize), Name, Option<u64>) -> Stream,
    ) -> &mut Stream {
        let (since, draws) = ((self.since, self.twins), self.draws());
        Flow::count(&mut self.flows, name, |name, late| stream(draws, since, name, late)).chance
    }

    pub(super) fn draws(&self) -> &'static str {
        match self.what {
            LinkRule::Cut => "cut",
            LinkRule::Hold => "hold",
            LinkRule::Loss(_) => "loss",
            LinkRule::Duplicate(..) => "duplicate",
            LinkRule::Reorder(..) => "reorder",
            LinkRule::Slow(_) => "slow",
        }
    }
}

/// What the rules of a link make of a message that is sent on it, and perhaps `lost` already. A hold takes effect on arrival. `stream` makes the stream of a rule, of what
/// it does and since when, for messages of a name.
///
/// Each rule draws, whatever others have made of the message before: taking one away shifts no draw of another.
pub(super) fn judge(
    rules: &mut [Rule],
    sent: Sent,
    lost: bool,
    delay: Delay,
    coverage: &mut Coverage,
    stream: impl Fn(&'static str, (Instant, usize), Name, Option<u64>) -> Stream,
    mut acted: impl FnMut(usize),
) -> Judged {
    let mut judged = Judged { dropped: lost, late: Span::ZERO, copy: None };
    for rule in rules.iter_mut().filter(|rule| rule.is_about_sent(sent)) {
        let fault = rule.fault;
        let made = match rule.what {
            LinkRule::Hold => None,
            LinkRule::Cut => Some(Made::Dropped(&mut coverage.cut_on_sending)),
            LinkRule::Loss(odds) => {
                rule.chance(sent.name, &stream).chance(odds).then_some(Made::Dropped(&mut coverage.lost))
            }
            LinkRule::Duplicate(odds, later) => {
                let chance = rule.chance(sent.name, &stream);
                chance.chance(odds).then(|| Made::Copy(delay.sample(chance) + later.sample(chance)))
            }
            LinkRule::Reorder(odds, by) => {
                let chance = rule.chance(sent.name, &stream);
                chance.chance(odds).then(|| Made::Late(by.sample(chance), &mut coverage.reordered))
            }
            LinkRule::Slow(by) => Some(Made::Late(by.sample(rule.chance(sent.name, &stream)), &mut coverage.slowed)),
        };
        let Some(made) = made.filter(|_| !judged.dropped) else { continue };
        acted(fault);
        judged.add(made);
    }
    judged
}

/// What one rule makes of a message, and where that is counted.
enum Made<'a> {
    Dropped(&'a mut u64),
    Copy(Span),
    Late(Span, &'a mut u64),
}

impl Judged {
    fn add(&mut self, made: Made<'_>) {
        match made {
            Made::Dropped(count) => {
                *count += 1;
                self.dropped = true;
            }
            Made::Copy(after) => self.copy = Some(after),
            Made::Late(by, count) => {
                *count += 1;
                self.late = self.late + by;
            }
        }
    }
}
