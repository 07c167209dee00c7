//! The promises of the placements, as properties over churn.

use std::collections::BTreeSet;

use super::bounded::Bounded;
use super::jump::Jump;
use super::modulo::Modulo;
use super::rendezvous::Rendezvous;
use super::ring::Ring;
use super::survey::Moved;
use super::*;
use shaketable_sim::time::Ppm;

fn members(count: usize) -> Vec<Member> {
    NodeId::all(count).map(Member::alone).collect()
}

fn points(count: u64) -> Vec<Point> {
    (0..count).map(Point::of).collect()
}

/// Every placement, over the same members.
fn all(members: &[Member]) -> Vec<Box<dyn Placement>> {
    vec![
        Box::new(Ring::new(members, 64)),
        Box::new(Rendezvous::new(members)),
        Box::new(Jump::new(members)),
        Box::new(Bounded::new(members, 64, Ppm::percent(25))),
        Box::new(Modulo::new(members)),
    ]
}

fn loads(placed: &[Vec<NodeId>], nodes: usize) -> Vec<u64> {
    let mut loads = vec![0; nodes];
    placed.iter().flatten().for_each(|node| loads[node.index()] += 1);
    loads
}

#[test]
fn the_hash_never_changes() {
    assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf, "SplitMix64's first output from 0");
    assert_eq!([hash(0, 0), hash(1, 2), Point::of(7).0], PINNED);
}

const PINNED: [u64; 3] = [12_035_550_249_420_947_055, 13_608_149_317_741_381_227, 13_098_646_027_988_246_056];

#[test]
fn replicas_are_distinct_and_as_many_as_asked_for_or_as_there_are() {
    for nodes in [1, 2, 3, 5, 17] {
        for placement in all(&members(nodes)) {
            for count in [1, 2, 3, 5] {
                for replicas in placement.place(&points(200), count) {
                    let distinct: BTreeSet<NodeId> = replicas.iter().copied().collect();
                    assert_eq!(distinct.len(), replicas.len(), "{placement:?}");
                    assert_eq!(replicas.len(), count.min(nodes), "{placement:?}");
                }
            }
        }
    }
}

#[test]
fn replicas_are_in_as_many_racks_as_there_are() {
    for racks in [1, 2, 3, 6] {
        let members: Vec<Member> =
            NodeId::all(12).map(|node| Member { node, weight: 1, rack: Rack((node.index() % racks) as u16) }).collect();
        for placement in all(&members) {
            for replicas in placement.place(&points(200), 3) {
                let spread: BTreeSet<usize> = replicas.iter().map(|node| node.index() % racks).collect();
                assert_eq!((replicas.len(), spread.len()), (3, racks.min(3)), "{placement:?}");
            }
        }
    }
}

#[test]
fn all_who_know_the_members_agree_in_whatever_order_they_learned_of_them() {
    let (forwards, mut backwards) = (members(9), members(9));
    backwards.reverse();
    let keys = points(300);
    assert_eq!(Ring::new(&forwards, 64).place(&keys, 3), Ring::new(&backwards, 64).place(&keys, 3));
    assert_eq!(Rendezvous::new(&forwards).place(&keys, 3), Rendezvous::new(&backwards).place(&keys, 3));
    let bounded = |members: &[Member]| Bounded::new(members, 64, Ppm::percent(25)).place(&keys, 1);
    assert_eq!(bounded(&forwards), bounded(&backwards));
    assert_ne!(Jump::new(&forwards).place(&keys, 3), Jump::new(&backwards).place(&keys, 3), "its members are numbered");
}

/// What moves when the last of `nodes + 1` members leaves, or joins: only what it keeps.
#[test]
fn a_join_takes_keys_only_for_the_newcomer_and_a_leave_moves_only_those_of_the_leaver() {
    let keys = points(2_000);
    for nodes in [1, 4, 10, 40] {
        let newcomer = NodeId::at(nodes);
        let placements = all(&members(nodes)).into_iter().zip(all(&members(nodes + 1))).take(3);
        for (before, after) in placements {
            let (before, after) = (before.place(&keys, 1), after.place(&keys, 1));
            let mut moved = 0;
            for (before, after) in before.iter().zip(&after).filter(|(before, after)| before != after) {
                assert_eq!(*after, [newcomer], "{before:?} lost a key to an old member");
                moved += 1;
            }
            let least = 2_000 / (nodes + 1);
            assert!(moved > least / 2 && moved < least * 2, "{moved} moved, {least} must");
        }
    }
}

/// A replica set changes by at most the newcomer and the one that it replaces.
#[test]
fn a_join_changes_one_replica_of_a_key_at_most_on_ring_and_rendezvous() {
    let keys = points(2_000);
    for (before, after) in all(&members(10)).into_iter().zip(all(&members(11))).take(2) {
        for (before, after) in before.place(&keys, 3).iter().zip(after.place(&keys, 3)) {
            let gone = before.iter().filter(|node| !after.contains(node)).count();
            assert!(gone == 0 || (gone == 1 && after.contains(&NodeId::at(10))), "{before:?}, then {after:?}");
        }
    }
}

#[test]
fn no_member_is_fuller_than_the_bound_and_a_plain_ring_breaks_it() {
    let keys = points(10_000);
    for (nodes, slack) in [(3, 0), (10, 5), (10, 25), (100, 25), (250, 100)] {
        let members = members(nodes);
        let bounded = Bounded::new(&members, 8, Ppm::percent(slack));
        let capacity = bounded.capacity(&members[0], 10_000);
        assert_eq!(capacity, (10_000 * u64::from(100 + slack)).div_ceil(100 * nodes as u64));
        let fullest = loads(&bounded.place(&keys, 1), nodes).into_iter().max();
        assert!(fullest <= Some(capacity), "{fullest:?} of {capacity} with {nodes} nodes");
    }
    let plain = loads(&Ring::new(&members(100), 8).place(&keys, 1), 100);
    assert!(plain.iter().max() > Some(&125), "or the bound would be for nothing");
}

#[test]
fn the_more_virtual_nodes_the_better_the_balance() {
    let fullest = |virtual_nodes| {
        let placed = Ring::new(&members(20), virtual_nodes).place(&points(40_000), 1);
        loads(&placed, 20).into_iter().max().expect("there are nodes")
    };
    let (one, many) = (fullest(1), fullest(256));
    assert!(one > 4_000, "with one virtual node the fullest has {one}, the mean is 2,000");
    assert!(many < 2_500, "with 256 virtual nodes the fullest has {many}, the mean is 2,000");
}

#[test]
fn a_member_of_weight_three_keeps_three_times_as_much() {
    let mut members = members(10);
    members[0].weight = 3;
    let keys = points(24_000); // 2,000 for each unit of weight.
    for placement in [&Ring::new(&members, 256) as &dyn Placement, &Rendezvous::new(&members)] {
        let loads = loads(&placement.place(&keys, 1), 10);
        assert!((5_100..6_900).contains(&loads[0]), "{loads:?}");
        assert!(loads[1..].iter().all(|load| (1_500..2_500).contains(load)), "{loads:?}");
    }
    let bounded = Bounded::new(&members, 64, Ppm::percent(10));
    let loads = loads(&bounded.place(&keys, 1), 10);
    assert!(loads[0] > 4_000 && loads[0] <= 6_600 && loads[1..].iter().all(|&load| load <= 2_200), "{loads:?}");
}

#[test]
fn the_survey_keeps_what_the_papers_promise() {
    for row in [survey(10, 20_000), survey(100, 20_000)].concat() {
        match row.placement {
            "bounded" => {
                assert!(row.fullest <= 1_100_000 + row.nodes as u64 * 50, "{row:?}");
                assert!(row.join.moved <= row.join.least * 10, "{row:?}");
            }
            "modulo" => assert!(row.join.moved > 850_000 && row.last_leaves.moved > 850_000, "{row:?}"),
            _ => {
                assert_eq!(row.last_leaves.moved, row.last_leaves.least, "{row:?}");
                assert!(row.join.moved < row.join.least * 3 / 2, "{row:?}");
                assert!(row.fullest < 1_500_000 && row.emptiest > 500_000, "{row:?}");
            }
        }
        match row.placement {
            "jump" | "modulo" => assert!(row.first_leaves.moved > 400_000, "its members are numbered, {row:?}"),
            "bounded" => assert!(row.first_leaves.moved <= row.first_leaves.least * 10, "{row:?}"),
            _ => assert_eq!(row.first_leaves.moved, row.first_leaves.least, "{row:?}"),
        }
    }
}

#[test]
fn one_node_keeps_all_and_a_second_takes_half() {
    for row in survey(1, 20_000) {
        assert_eq!((row.fullest, row.emptiest), (1_000_000, 1_000_000), "{row:?}");
        assert_eq!(row.last_leaves, Moved { moved: 1_000_000, least: 1_000_000 }, "{row:?}");
        assert!((350_000..650_000).contains(&row.join.moved), "{row:?}");
    }
}

#[test]
fn the_survey_comes_out_as_it_did() {
    let figures: Vec<_> = [survey(10, 4_000), survey(1_000, 4_000)]
        .concat()
        .iter()
        .map(|row| (row.placement, row.nodes, row.fullest, row.join.moved, row.last_leaves.moved))
        .collect();
    assert_eq!(figures, GOLDEN);
}

/// Placement, nodes, fullest, moved on join, moved on leave.
const GOLDEN: [(&str, usize, u64, u64, u64); 10] = [
    ("ring", 10, 1_097_500, 88_250, 109_750),
    ("rendezvous", 10, 1_065_000, 85_500, 101_500),
    ("jump", 10, 1_077_500, 96_000, 95_000),
    ("bounded", 10, 1_097_500, 88_250, 109_750),
    ("modulo", 10, 1_060_000, 907_250, 909_000),
    ("ring", 1_000, 2_750_000, 1_250, 2_250),
    ("rendezvous", 1_000, 3_250_000, 750, 1_000),
    ("jump", 1_000, 3_250_000, 1_000, 1_000),
    ("bounded", 1_000, 1_250_000, 2_000, 1_750),
    ("modulo", 1_000, 3_250_000, 998_750, 999_000),
];
