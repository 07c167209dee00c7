//! How evenly the placements spread keys, and how many keys move when a node comes or goes: measured, as values.

use shaketable_sim::id::NodeId;
use shaketable_sim::time::Ppm;

use super::bounded::Bounded;
use super::jump::Jump;
use super::rendezvous::Rendezvous;
use super::ring::Ring;
use super::{Member, Placement, Point};

/// Virtual nodes of the surveyed rings.
const VIRTUAL_NODES: u32 = 128;

/// ε of the surveyed bounded loads.
const SLACK: Ppm = Ppm::percent(10);

/// What was measured of one placement on one number of nodes. All shares are in parts per million, rounded down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The placement's name.
    pub placement: &'static str,
    /// How many nodes of equal weight.
    pub nodes: usize,
    /// The load of the fullest node, in parts per million of the mean load: 1,000,000 is perfect balance.
    pub fullest: u64,
    /// The share of all keys that move when one more node joins.
    pub moved_on_join: u64,
    /// The least that can move then, if the load is to be even: one key in `nodes + 1`.
    pub least_on_join: u64,
    /// The share of all keys that move when the last node leaves.
    pub moved_on_leave: u64,
    /// What the last node kept: that has to move.
    pub least_on_leave: u64,
}

/// A placement to be measured: its name, and how it is made for some members.
type Kind = (&'static str, fn(&[Member]) -> Box<dyn Placement>);

const KINDS: &[Kind] = &[
    ("ring", |members| Box::new(Ring::new(members, VIRTUAL_NODES))),
    ("rendezvous", |members| Box::new(Rendezvous::new(members))),
    ("jump", |members| Box::new(Jump::new(members))),
    ("bounded", |members| Box::new(Bounded::new(members, VIRTUAL_NODES, SLACK))),
];

/// Measures every placement with so many keys, one copy of each, on each of these numbers of nodes: ring and bounded loads with
/// 128 virtual nodes, the latter with ε = 10 %.
///
/// The balance of few keys on many nodes is that of chance: a thousand keys a node show the placement itself to a few per cent.
pub fn survey(nodes: &[usize], keys: u64) -> Vec<Row> {
    let points: Vec<Point> = (0..keys).map(Point::of).collect();
    nodes
        .iter()
        .flat_map(|&nodes| KINDS.iter().map(move |kind| (kind, nodes)))
        .map(|(kind, nodes)| row(kind, nodes, &points))
        .collect()
}

fn row(&(placement, make): &Kind, nodes: usize, keys: &[Point]) -> Row {
    let owners = |count: usize| -> Vec<Option<NodeId>> {
        let members: Vec<Member> = NodeId::all(count).map(Member::alone).collect();
        make(&members).place(keys, 1).into_iter().map(|nodes| nodes.first().copied()).collect()
    };
    let (fewer, now, more) = (owners(nodes - 1), owners(nodes), owners(nodes + 1));
    let ppm = |count: usize| count as u64 * 1_000_000 / keys.len() as u64;
    let moved = |a: &[Option<NodeId>], b: &[Option<NodeId>]| ppm(a.iter().zip(b).filter(|(a, b)| a != b).count());
    let mut load = vec![0; nodes];
    now.iter().flatten().for_each(|node| load[node.index()] += 1);
    Row {
        placement,
        nodes,
        fullest: load.iter().max().map_or(0, |&fullest| ppm(fullest * nodes)),
        moved_on_join: moved(&now, &more),
        least_on_join: 1_000_000 / (nodes as u64 + 1),
        moved_on_leave: moved(&now, &fewer),
        least_on_leave: load.last().map_or(0, |&last| ppm(last)),
    }
}
