//! How evenly the placements spread keys, and how many keys move when a node comes or goes: measured, as values.

use shaketable_sim::id::NodeId;
use shaketable_sim::time::Ppm;

use super::bounded::Bounded;
use super::jump::Jump;
use super::modulo::Modulo;
use super::rendezvous::Rendezvous;
use super::ring::Ring;
use super::{Member, Placement, Point};

/// Virtual nodes of the surveyed rings.
pub const VIRTUAL_NODES: u32 = 128;

/// ε of the surveyed bounded loads.
pub const SLACK: Ppm = Ppm::percent(10);

/// What was measured of one placement on one number of nodes. All shares are in parts per million, rounded down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The placement's name.
    pub placement: &'static str,
    /// How many nodes of equal weight.
    pub nodes: usize,
    /// The load of the fullest node, in parts per million of the mean load: 1,000,000 is perfect balance.
    pub fullest: u64,
    /// The load of the emptiest node, likewise.
    pub emptiest: u64,
    /// What moves when one more node joins. The least is its share of the keys, one in `nodes + 1`.
    pub join: Moved,
    /// What moves when the node that joined last leaves. The least is what it kept.
    pub last_leaves: Moved,
    /// What moves when the node that joined first leaves. The least is what it kept.
    pub first_leaves: Moved,
}

/// Shares of all keys, in parts per million.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moved {
    /// The keys that are with another node afterwards.
    pub moved: u64,
    /// The least that can be.
    pub least: u64,
}

/// A placement to be measured: its name, and how it is made for some members.
type Kind = (&'static str, fn(&[Member]) -> Box<dyn Placement>);

const KINDS: &[Kind] = &[
    ("ring", |members| Box::new(Ring::new(members, VIRTUAL_NODES))),
    ("rendezvous", |members| Box::new(Rendezvous::new(members))),
    ("jump", |members| Box::new(Jump::new(members))),
    ("bounded", |members| Box::new(Bounded::new(members, VIRTUAL_NODES, SLACK))),
    ("modulo", |members| Box::new(Modulo::new(members))),
];

/// Measures every placement with so many keys (at least 1), one copy of each, on so many nodes (at least 1): the ring and bounded loads
/// with [`VIRTUAL_NODES`], the latter with an ε of [`SLACK`].
///
/// The balance of few keys on many nodes is that of chance: a thousand keys a node show the placement itself to a few per cent.
pub fn survey(nodes: usize, keys: u64) -> Vec<Row> {
    let points: Vec<Point> = (0..keys.max(1)).map(Point::of).collect();
    KINDS.iter().map(|kind| row(kind, nodes.max(1), &points)).collect()
}

fn row(&(placement, make): &Kind, nodes: usize, keys: &[Point]) -> Row {
    let owners = |members: &[Member]| -> Vec<Option<NodeId>> {
        make(members).place(keys, 1).into_iter().map(|nodes| nodes.first().copied()).collect()
    };
    let members: Vec<Member> = NodeId::all(nodes + 1).map(Member::alone).collect();
    let now = owners(&members[..nodes]);
    let ppm = |count: usize| count as u64 * 1_000_000 / keys.len() as u64;
    let moved_to = |members: &[Member], least: u64| Moved {
        moved: ppm(now.iter().zip(owners(members)).filter(|&(before, after)| *before != after).count()),
        least,
    };
    let mut load = vec![0; nodes];
    now.iter().flatten().for_each(|node| load[node.index()] += 1);
    let of_mean = |load: Option<&usize>| load.map_or(0, |&load| ppm(load * nodes));
    Row {
        placement,
        nodes,
        fullest: of_mean(load.iter().max()),
        emptiest: of_mean(load.iter().min()),
        join: moved_to(&members, 1_000_000 / (nodes as u64 + 1)),
        last_leaves: moved_to(&members[..nodes - 1], ppm(load[nodes - 1])),
        first_leaves: moved_to(&members[1..nodes], ppm(load[0])),
    }
}
