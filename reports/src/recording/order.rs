//! The order of lanes: nodes, clients, the world.

use super::{LaneAt, Recording};

impl Recording {
    /// Puts the lanes into their order, whoever was heard of first.
    pub(super) fn sort_lanes(&mut self) {
        let rank =
            |name: &str| name.trim_start_matches(|letter: char| !letter.is_ascii_digit()).parse().unwrap_or(u64::MAX);
        let mut order: Vec<usize> = (0..self.lanes.len()).collect();
        order.sort_by_key(|&place| (self.lanes[place].kind, rank(&self.lanes[place].name), place));
        let mut now = vec![LaneAt(0); order.len()];
        for (new, &old) in (0..).zip(&order) {
            now[old] = LaneAt(new);
        }
        self.lanes = order.into_iter().map(|old| self.lanes[old].clone()).collect();
        let events = self.events.iter_mut().flat_map(|event| [Some(&mut event.lane), event.from.as_mut()]).flatten();
        let others = self.lost.iter_mut().map(|lost| &mut lost.to);
        let others = others.chain(self.operations.iter_mut().map(|operation| &mut operation.lane));
        let others = others.chain(self.faults.iter_mut().flat_map(|band| &mut band.on));
        let others = others.chain(self.down.iter_mut().map(|down| &mut down.lane));
        events.chain(others).for_each(|lane| *lane = now[lane.0 as usize]);
    }
}
