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

/// What rules make of a message that is not lost.
pub(super) struct Judged {
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

/// What the rules of a link make of a message that is sent on it; none if it is dropped. A hold takes effect on arrival. `stream` makes
/// the stream of a rule, of what it does and since when, for messages of a name.
pub(super) fn judge(
    rules: &mut [Rule],
    sent: Sent,
    delay: Delay,
    coverage: &mut Coverage,
    stream: impl Fn(&'static str, (Instant, usize), Name) -> Stream,
    mut acted: impl FnMut(usize),
) -> Option<Judged> {
    let mut judged = Judged { late: Span::ZERO, copy: None };
    for rule in rules.iter_mut().filter(|rule| rule.is_about_sent(sent)) {
        let (fault, what, since, draws) = (rule.fault, rule.what, (rule.since, rule.twins), rule.draws());
        let flow = |flows| Flow::count(flows, sent.name, |name| stream(draws, since, name));
        match what {
            LinkRule::Hold => {}
            LinkRule::Cut => {
                coverage.cut_on_sending += 1;
                acted(fault);
                return None;
            }
            LinkRule::Loss(odds) => {
                if flow(&mut rule.flows).chance.chance(odds) {
                    coverage.lost += 1;
                    acted(fault);
                    return None;
                }
            }
            LinkRule::Duplicate(odds, later) => {
                let chance = &mut *flow(&mut rule.flows).chance;
                if chance.chance(odds) {
                    judged.copy = Some(delay.sample(chance) + later.sample(chance));
                    acted(fault);
                }
            }
            LinkRule::Reorder(odds, by) => {
                let chance = &mut *flow(&mut rule.flows).chance;
                if chance.chance(odds) {
                    coverage.reordered += 1;
                    judged.late = judged.late + by.sample(chance);
                    acted(fault);
                }
            }
            LinkRule::Slow(by) => {
                coverage.slowed += 1;
                judged.late = judged.late + by.sample(&mut flow(&mut rule.flows).chance);
                acted(fault);
            }
        }
    }
    Some(judged)
}
