//! When a buffer can have been found empty.

use super::cover::Cover;
use super::{Empty, Item, Lost, NEVER, Stuck, Time, chain};

/// A call that found nothing to take, at some moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Moment {
    pub(super) at: Time,
    pub(super) call: u32,
}

/// The first moment for each empty at which no value is inside for certain, in order. Of values that nobody is known to have taken, then, as many have been put in for certain as lost takes have been invoked, at most.
pub(super) fn moments(items: &[Item], empties: &[Empty], lost: &[Lost]) -> Result<Vec<Moment>, Stuck> {
    if empties.is_empty() {
        return Ok(Vec::new());
    }
    let taken = items.iter().filter(|item| item.take.is_some() && item.b < item.c).map(|item| (item.b, item.c));
    let mut zones: Vec<(Time, Time)> = taken.collect();
    zones.extend(wants(items, lost));
    let ends = zones.iter().flat_map(|&(from, to)| [from, to]);
    let mut cover = Cover::new(ends.chain(empties.iter().map(|empty| empty.from)).chain([NEVER]).collect());
    zones.iter().for_each(|&(from, to)| cover.add(from, to, 1));
    let moment = |empty: &Empty| {
        let free = cover.free_from(empty.from);
        if free < empty.to {
            return Ok(Moment { at: free + 1, call: empty.call });
        }
        let calls = chain(items.iter(), empty.from, empty.to).into_iter().chain([empty.call]);
        Err(Stuck::Contradiction(if lost.is_empty() { calls.collect() } else { Vec::new() }))
    };
    let mut moments = empties.iter().map(moment).collect::<Result<Vec<_>, _>>()?;
    moments.sort_unstable();
    Ok(moments)
}

/// From when to when more values that nobody is known to have taken have been put in than lost takes have been invoked.
fn wants(items: &[Item], lost: &[Lost]) -> Vec<(Time, Time)> {
    let stayed = items.iter().filter(|item| item.take.is_none()).map(|item| (item.b, 1));
    let mut events: Vec<(Time, i32)> = stayed.chain(lost.iter().map(|lost| (lost.from, -1))).collect();
    events.sort_unstable();
    events.push((NEVER, i32::MIN));
    let mut wants = Vec::new();
    let (mut more, mut since) = (0_i32, None);
    for (at, by) in events {
        more = more.saturating_add(by);
        match since {
            None if more > 0 => since = Some(at),
            Some(from) if more <= 0 => {
                wants.push((from, at));
                since = None;
            }
            _ => {}
        }
    }
    wants
}
