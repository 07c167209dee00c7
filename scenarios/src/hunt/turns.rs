//! Whose turn it is. Scenarios share the budget by what their runs cost, counted in events: a second of one that is slow is worth a second of another.
//! The order depends on counts alone, so that it is the same every time.

use super::state::Lane;

/// How many runs a turn has.
pub(super) const TURN: u64 = 32;

/// How many scenarios have a turn in the same round, so that many threads find work.
const TURNS: usize = 8;

/// A violation that so many runs have met is known.
const KNOWN: u64 = 10;

/// A run that only meets what is known is charged so many times: its scenario leaves more of the budget to others.
const DEARER: u64 = 10;

/// The scenarios whose turn it is, by their places: those that have cost least, as long as they are less than a turn apart.
pub(super) fn next(lanes: &[Lane]) -> Vec<usize> {
    let least = lanes.iter().map(|lane| lane.charge).min().unwrap_or(0);
    let of_a_turn = |lane: &Lane| lane.charge / lane.runs.max(1) * TURN;
    let dearest = lanes.iter().map(of_a_turn).max().unwrap_or(0);
    let mut turns: Vec<usize> = (0..lanes.len()).filter(|&place| lanes[place].charge <= least + dearest).collect();
    turns.sort_by_key(|&place| (lanes[place].charge, place));
    turns.truncate(TURNS);
    turns
}

/// What a run is charged that had so many events and met what so many runs have met before, if it met anything.
pub(super) fn charge(events: u64, met_before: Option<u64>) -> u64 {
    let times = if met_before.is_some_and(|runs| runs >= KNOWN) { DEARER } else { 1 };
    events.max(1) * times
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many turns each of these scenarios has had after so many rounds, if a run of each is charged as much.
    fn shares(charges: &[u64], rounds: usize) -> Vec<u64> {
        let mut lanes = vec![Lane::default(); charges.len()];
        for _ in 0..rounds {
            for place in next(&lanes) {
                lanes[place].runs += TURN;
                lanes[place].charge += TURN * charges[place];
            }
        }
        lanes.iter().map(|lane| lane.runs / TURN).collect()
    }

    #[test]
    fn scenarios_share_the_budget_by_what_they_cost() {
        let turns = shares(&[1_000, 4_000, 1_000], 800);
        assert!(turns[0].abs_diff(4 * turns[1]) <= 8 && turns[0].abs_diff(turns[2]) <= 8, "{turns:?}");
        let many = shares(&[500; 20], 100);
        assert_eq!(many, [40; 20]);
    }

    #[test]
    fn who_only_meets_what_is_known_leaves_its_time_to_others() {
        let known = charge(1_000, Some(KNOWN));
        let turns = shares(&[charge(1_000, None), charge(1_000, Some(1)), known], 400);
        assert!(turns[0] >= 9 * turns[2] && turns[0].abs_diff(turns[1]) <= 8, "{turns:?}");
        assert!(turns[2] > 10, "it is not left alone: {turns:?}");
    }
}
