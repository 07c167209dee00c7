//! The arithmetic of quorums beside a twin that enumerates: sets of servers are the bits of a number, and every set is tried.

use super::super::rules::Paper;
use super::*;

const SERVERS: usize = 5;

/// All sets of the five servers.
fn all_sets() -> impl Iterator<Item = BTreeSet<NodeId>> {
    (0..1_u32 << SERVERS).map(|bits| NodeId::all(SERVERS).filter(|server| bits >> server.index() & 1 == 1).collect())
}

fn nonempty_sets() -> impl Iterator<Item = BTreeSet<NodeId>> {
    all_sets().skip(1)
}

fn set(numbers: &[usize]) -> BTreeSet<NodeId> {
    numbers.iter().map(|number| NodeId::at(number - 1)).collect()
}

fn configuration(voters: Voters) -> Configuration {
    Configuration { number: 0, voters, learners: BTreeSet::new() }
}

fn is_quorum(configuration: &Configuration, agreeing: &BTreeSet<NodeId>) -> bool {
    Electorate { configuration, me: NodeId::at(0), rules: &Paper }.is_quorum(|server| agreeing.contains(&server))
}

/// Whether every quorum of one shares a server with every quorum of the other. Quorums only gain by more servers, so it is enough to give one what
/// the other lacks.
fn quorums_meet(one: &Configuration, other: &Configuration) -> bool {
    let everyone: BTreeSet<NodeId> = NodeId::all(SERVERS).collect();
    all_sets().all(|some| !(is_quorum(one, &some) && is_quorum(other, &everyone.difference(&some).copied().collect())))
}

/// The way from some voters to others, both ends included.
fn way(from: &BTreeSet<NodeId>, goal: &BTreeSet<NodeId>, change: Change, leader: NodeId) -> Vec<Configuration> {
    let mut way = vec![Configuration::first(from.clone())];
    while let Some(next) = way[way.len() - 1].toward(goal, change, leader, &Paper) {
        way.push(next);
        assert!(way.len() <= 2 * SERVERS + 2, "it leads nowhere: {way:?}");
    }
    way
}

#[test]
fn a_quorum_is_more_than_half_of_the_voters_and_of_both_halves_of_a_joint_configuration() {
    let majority =
        |voters: &BTreeSet<NodeId>, set: &BTreeSet<NodeId>| 2 * voters.intersection(set).count() > voters.len();
    for old in nonempty_sets() {
        for agreeing in all_sets() {
            let simple = configuration(Voters::Simple(old.clone()));
            assert_eq!(is_quorum(&simple, &agreeing), majority(&old, &agreeing), "{agreeing:?} of {old:?}");
            for new in nonempty_sets() {
                let joint = configuration(Voters::Joint { old: old.clone(), new: new.clone() });
                let both = majority(&old, &agreeing) && majority(&new, &agreeing);
                assert_eq!(is_quorum(&joint, &agreeing), both, "{agreeing:?} of {old:?} and {new:?}");
            }
        }
    }
}

#[test]
fn what_a_quorum_has_reached_is_the_highest_of_all_bars_that_one_takes() {
    let values = [3, 1, 4, 1, 5];
    for old in nonempty_sets() {
        for new in nonempty_sets() {
            let joint = configuration(Voters::Joint { old: old.clone(), new: new.clone() });
            let electorate = Electorate { configuration: &joint, me: NodeId::at(0), rules: &Paper };
            let takes = |bar: &u32| {
                let above = NodeId::all(SERVERS).filter(|server| values[server.index()] >= *bar).collect();
                is_quorum(&joint, &above)
            };
            let slow = (0..=9).rev().find(takes);
            assert_eq!(electorate.reached(|server| values[server.index()]), slow, "{joint}");
        }
    }
}

#[test]
fn on_every_way_the_quorums_of_each_configuration_meet_those_of_the_next() {
    for change in [Change::SingleServer, Change::Joint] {
        for from in nonempty_sets() {
            for goal in nonempty_sets() {
                let leader = *from.first().unwrap();
                let way = way(&from, &goal, change, leader);
                let last = &way[way.len() - 1];
                assert_eq!((last.voters(), &last.learners), (&Voters::Simple(goal.clone()), &set(&[])));
                for (before, after) in way.iter().zip(&way[1..]) {
                    assert!(quorums_meet(before, after), "{before} and {after}");
                    assert!(
                        after.promoted_since(before).all(|server| before.is_learner(server)),
                        "{before} to {after}"
                    );
                    assert_eq!(after.number, before.number + 1);
                    assert!(after.learners.iter().all(|&server| !after.is_voter(server)), "{after}");
                }
            }
        }
    }
}

#[test]
fn one_server_joins_or_leaves_at_a_time_and_the_leader_leaves_last() {
    let leader = NodeId::at(1);
    let way = way(&set(&[1, 2, 3]), &set(&[1, 4, 5]), Change::SingleServer, leader);
    let shown: Vec<String> = way.iter().map(Configuration::to_string).collect();
    let expected = [
        "0: n1 n2 n3",
        "1: n1 n2 n3, learners n4 n5",
        "2: n1 n2 n3 n4, learners n5",
        "3: n1 n2 n3 n4 n5",
        "4: n1 n2 n4 n5",
        "5: n1 n4 n5",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn a_joint_configuration_is_left_for_its_own_new_one_before_another_goal_is_pursued() {
    let leader = NodeId::at(0);
    let joint = way(&set(&[1, 2, 3]), &set(&[1, 4, 5]), Change::Joint, leader)[2].clone();
    assert_eq!(joint.to_string(), "2: n1 n2 n3 → n1 n4 n5");
    let next = joint.toward(&set(&[1, 2]), Change::Joint, leader, &Paper).unwrap();
    assert_eq!(next.to_string(), "3: n1 n4 n5, learners n2");
    let next = next.toward(&set(&[1, 4]), Change::SingleServer, leader, &Paper).unwrap();
    assert_eq!(
        next.to_string(),
        "4: n1 n4",
        "and the learner that is not needed any more is dropped with the next step"
    );
}

#[test]
fn neither_a_learner_nor_a_leader_that_is_no_voter_counts() {
    let learning = Configuration { learners: set(&[4, 5]), ..Configuration::first(set(&[1, 2, 3])) };
    assert!(!is_quorum(&learning, &set(&[1, 4, 5])));
    let without_me = Configuration::first(set(&[2, 3, 4, 5]));
    assert!(!is_quorum(&without_me, &set(&[1, 2, 3])));
    assert!(is_quorum(&without_me, &set(&[1, 2, 3, 4])));
}

#[test]
fn a_jump_over_two_servers_would_lose_what_is_shared() {
    let from = configuration(Voters::Simple(set(&[1, 2, 3])));
    assert!(!quorums_meet(&from, &configuration(Voters::Simple(set(&[1, 2, 3, 4, 5])))));
    assert!(!quorums_meet(&from, &configuration(Voters::Simple(set(&[1, 4, 5])))));
}
