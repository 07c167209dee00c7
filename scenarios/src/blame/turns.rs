//! Where a probability turns: what to look at next, and what has been found.

use shaketable_reports::{Onset, Point, Turn};

use super::{Curve, NOISE};

/// Two events that were looked at, and none between them.
type Gap<'a> = (&'a Point, &'a Point);

/// The event to look at next: half-way across the gap in which the failure became likely, then across that in which it became certain, then across the one over which its
/// probability changes most. None if nothing is left to be found.
pub(super) fn next(curve: &Curve) -> Option<u64> {
    let open = |gap: &Gap<'_>| gap.1.event - gap.0.event > 1;
    let points: Vec<&Point> = curve.values().collect();
    let likely = onset(&points, Point::is_likely).filter(open);
    let certain = || onset(&points, Point::is_certain).filter(open);
    let steepest = || gaps(&points).filter(open).filter(is_steep).max_by_key(|(from, to)| change(from, to));
    likely.or_else(certain).or_else(steepest).map(|(from, to)| from.event.midpoint(to.event))
}

/// When the failure became likely: from then on at least half of the futures fail, at every event that was looked at.
pub(crate) fn likely(points: &[Point]) -> Onset {
    told(points, Point::is_likely)
}

/// When it became certain: from then on all futures fail.
pub(crate) fn certain(points: &[Point]) -> Onset {
    told(points, Point::is_certain)
}

/// The single events over which the probability changed by more than chance explains, those first that changed it most.
pub(crate) fn turns(points: &[Point]) -> Vec<Turn> {
    let points: Vec<&Point> = points.iter().collect();
    let beyond_chance = |(from, to): &Gap<'_>| {
        let ((from_low, from_high), (to_low, to_high)) = (from.interval(), to.interval());
        from_high < to_low || to_high < from_low
    };
    let single = gaps(&points).filter(|(from, to)| to.event - from.event == 1);
    let mut turns: Vec<Gap<'_>> = single.filter(beyond_chance).collect();
    turns.sort_by_key(|(from, to)| std::cmp::Reverse(change(from, to)));
    turns.into_iter().map(|(before, after)| Turn { before: *before, after: *after }).collect()
}

fn told(points: &[Point], holds: fn(&Point) -> bool) -> Onset {
    let points: Vec<&Point> = points.iter().collect();
    match (points.last(), onset(&points, holds)) {
        (_, Some((before, after))) => Onset::At(Turn { before: *before, after: *after }),
        (Some(last), None) if holds(last) => Onset::Beginning,
        _ => Onset::Never,
    }
}

/// The last gap over which something comes to hold that then holds to the end.
fn onset<'a>(points: &[&'a Point], holds: fn(&Point) -> bool) -> Option<Gap<'a>> {
    let place = points.iter().rposition(|point| !holds(point))?;
    Some((points[place], points.get(place + 1)?))
}

fn gaps<'a>(points: &[&'a Point]) -> impl Iterator<Item = Gap<'a>> {
    points.windows(2).map(|pair| (pair[0], pair[1]))
}

fn change(from: &Point, to: &Point) -> u64 {
    from.failing.abs_diff(to.failing)
}

fn is_steep((from, to): &Gap<'_>) -> bool {
    change(from, to) * NOISE >= to.of
}
