//! Random graphs, beside all their cycles one by one.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::check::transactions::graph::Edge;
use crate::check::transactions::level::Level;
use crate::check::transactions::prepare::Prepared;
use crate::check::transactions::{ListOp, Outcome, Process, Transaction, TransactionId};
use crate::rng::{Seed, Stream};

/// A graph, and the same without relays.
struct Both {
    graph: Graph,
    times: Times,
    plain: BTreeMap<(u32, u32), Vec<Kind>>,
}

/// Transactions without operations, at random times.
fn history(count: u64, rng: &mut Stream) -> Vec<Transaction<ListOp>> {
    let mut moments: Vec<u64> = (0..2 * count).collect();
    rng.shuffle(&mut moments);
    // Who overlaps with another of its process is moved to a process of its own.
    let mut free: BTreeMap<u64, u64> = BTreeMap::new();
    let mut pairs: Vec<(u64, u64)> =
        moments.chunks(2).map(|pair| (pair[0].min(pair[1]), pair[0].max(pair[1]))).collect();
    pairs.sort_unstable();
    (0..)
        .zip(pairs)
        .map(|(at, (invoked, completed))| {
            let process = rng.below(2);
            let taken = free.get(&process).is_some_and(|&until| until > invoked);
            let process = if taken { 10 + at } else { process };
            free.insert(process, completed);
            let outcome = if rng.below(5) == 0 && taken { Outcome::Unknown } else { Outcome::Committed { completed } };
            Transaction { id: TransactionId(at), process: Process(process), ops: Vec::new(), invoked, outcome }
        })
        .collect()
}

fn random(rng: &mut Stream) -> Both {
    let count = rng.between(2, 6);
    let history = history(count, rng);
    let mut prepared = Prepared::new(&history).expect("it meets the preconditions");
    prepared.fates.fill(crate::check::transactions::prepare::Fate::Committed);
    let mut both = Both { graph: Graph::new(history.len()), times: Vec::new(), plain: BTreeMap::new() };
    for _ in 0..rng.below(3 + count) {
        let (from, to) = (rng.below(count) as u32, rng.below(count) as u32);
        let kind = *rng.pick(&[Kind::Ww, Kind::Wr, Kind::Rw, Kind::Rw]).expect("there are kinds");
        both.graph.link(from, to, Edge::data(kind, 0, 0, 0));
        both.note(from, to, kind);
    }
    if rng.below(2) == 0 {
        let mut some = |odds: u64| -> Vec<(u32, u32)> {
            (0..count as u32).filter(|_| rng.below(odds) == 0).map(|at| (at, at)).collect()
        };
        let (sources, targets) = (some(2), some(2));
        both.graph.fan(1, &sources, &targets);
        for (from, _) in &sources {
            targets.iter().for_each(|(to, _)| both.note(*from, *to, Kind::Rw));
        }
    }
    both.graph.timeline(Kind::RealTime, &prepared.timeline());
    prepared.sessions().iter().for_each(|session| both.graph.timeline(Kind::Process, session));
    for (from, one) in (0..).zip(&history) {
        both.times.push((one.invoked, prepared.completed(from)));
        for (to, other) in (0..).zip(&history) {
            if prepared.completed(from).is_some_and(|completed| completed < other.invoked) {
                both.note(from, to, Kind::RealTime);
                if one.process == other.process {
                    both.note(from, to, Kind::Process);
                }
            }
        }
    }
    both
}

impl Both {
    fn note(&mut self, from: u32, to: u32, kind: Kind) {
        if from != to {
            self.plain.entry((from, to)).or_default().push(kind);
        }
    }

    /// The least length of the cycles of each name, without a transaction twice.
    fn all(&self) -> BTreeMap<Anomaly, usize> {
        let mut all = BTreeMap::new();
        for start in 0..self.times.len() as u32 {
            self.extend(&mut vec![(start, Kind::Via)], &mut all);
        }
        all
    }

    /// Goes on from a path whose first transaction is the least.
    fn extend(&self, path: &mut Vec<(u32, Kind)>, all: &mut BTreeMap<Anomaly, usize>) {
        let (first, last) = (path[0].0, path[path.len() - 1].0);
        for (&(_, to), kinds) in self.plain.range((last, 0)..=(last, u32::MAX)) {
            for &kind in kinds {
                path.push((to, kind));
                if to == first {
                    let link = |pair: &[(u32, Kind)]| Link {
                        from: pair[0].0,
                        to: pair[1].0,
                        edge: Edge::data(pair[1].1, 0, 0, 0),
                    };
                    let cycle: Vec<Link> = path.windows(2).map(link).collect();
                    let least = all.entry(name(&cycle)).or_insert(cycle.len());
                    *least = cycle.len().min(*least);
                } else if to > first && path[..path.len() - 1].iter().all(|(other, _)| *other != to) {
                    self.extend(path, all);
                }
                path.pop();
            }
        }
    }
}

#[test]
fn cycles_are_those_of_the_slow_twin() {
    let (mut cyclic, mut names) = (0, BTreeMap::new());
    for seed in 0..30_000 {
        let both = random(&mut Seed(seed).stream("graph"));
        let all = both.all();
        let mut found: BTreeMap<Anomaly, usize> = BTreeMap::new();
        cycles(&both.graph, &both.times, |anomaly, cycle| {
            for Link { from, to, edge } in &cycle {
                assert!(both.plain[&(*from, *to)].contains(&edge.kind), "seed {seed}: {from} to {to}");
            }
            let least = found.entry(anomaly).or_insert(cycle.len());
            *least = cycle.len().min(*least);
        });
        cyclic += u64::from(!all.is_empty());
        for level in Level::ALL {
            let forbids = |of: &BTreeMap<Anomaly, usize>| of.keys().any(|&anomaly| level.forbids(anomaly));
            assert_eq!(forbids(&all), forbids(&found), "seed {seed}, {level}: {all:?} {found:?}");
        }
        for (anomaly, length) in &all {
            *names.entry(*anomaly).or_insert(0) += 1;
            // Of these the shortest closed walk never has a transaction twice.
            if matches!(anomaly, Anomaly::Cycle(Scope::Data, Shape::G0 | Shape::G1c | Shape::GSingle)) {
                assert_eq!(found.get(anomaly), Some(length), "seed {seed}, {anomaly:?}");
            }
        }
        for (anomaly, length) in &found {
            assert!(all.get(anomaly).is_some_and(|least| least <= length), "seed {seed}, {anomaly:?}: {all:?}");
        }
    }
    assert!(cyclic > 5_000 && cyclic < 29_000, "{cyclic}");
    assert!(names.len() == 15 && names.values().all(|count| *count > 100), "{names:?}");
}

#[test]
fn whether_there_is_a_cycle_of_a_class_is_decided_without_a_search() {
    let mut decided = [[0; 2]; 4];
    for seed in 0..20_000 {
        let both = random(&mut Seed(seed).stream("class"));
        let all = both.all();
        for scope in Scope::ALL {
            let knots = Knots::new(&both.graph, scope);
            for (at, class) in Class::ALL.into_iter().enumerate() {
                // The shapes are sorted, and each class has those of the one before.
                let last = [Shape::G0, Shape::G1c, Shape::GNonadjacent, Shape::G2Item][at];
                let of_class = |anomaly: &Anomaly| match anomaly {
                    Anomaly::Cycle(of, shape) => (*of == Scope::Data || *of == scope) && *shape <= last,
                    _ => false,
                };
                let walk = knots.walk(&both.graph, scope, class);
                assert_eq!(walk.is_some(), all.keys().any(of_class), "seed {seed}, {scope:?}, {class:?}: {all:?}");
                let is_one =
                    walk.as_ref().is_none_or(|walk| simple(walk.clone()).iter().any(|cycle| of_class(&name(cycle))));
                assert!(is_one, "seed {seed}, {scope:?}, {class:?}: {walk:?}");
                decided[at][usize::from(walk.is_some())] += 1;
            }
        }
    }
    assert!(decided.iter().flatten().all(|count| *count > 2_000), "{decided:?}");
}

#[test]
fn a_walk_is_taken_apart_into_cycles() {
    let walk = |nodes: &[u32]| -> Vec<Link> {
        let link = |pair: &[u32]| Link { from: pair[0], to: pair[1], edge: Edge::data(Kind::Ww, 0, 0, 0) };
        nodes.windows(2).map(link).collect()
    };
    let lengths = |nodes: &[u32]| simple(walk(nodes)).iter().map(Vec::len).collect::<Vec<usize>>();
    assert_eq!(lengths(&[1, 2, 3, 1]), [3]);
    assert_eq!(lengths(&[1, 2, 3, 2, 4, 1]), [2, 3]);
    assert_eq!(lengths(&[1, 2, 1, 3, 1]), [2, 2]);
}

/// What a closed walk has had so far.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Had {
    /// Whether an edge of its own kind, if the scope has one.
    own: bool,
    wr: bool,
    /// How many rw, up to two.
    rw: u32,
    /// Whether two rw followed each other.
    adjacent: bool,
    /// Whether the first edge, and the last, was an rw.
    began: bool,
    ended: bool,
}

impl Both {
    /// The least length of a closed walk of a shape with an edge of the scope's own kind, by trying all walks, one edge longer at a time.
    fn shortest_walk(&self, scope: Scope, shape: Shape) -> Option<usize> {
        let is_own = |kind: Kind| match scope {
            Scope::Data => true,
            Scope::Session => kind == Kind::Process,
            Scope::RealTime => kind == Kind::RealTime,
        };
        let is_one = |had: &Had| {
            let adjacent = had.adjacent || (had.began && had.ended && had.rw > 1);
            had.own
                && match shape {
                    Shape::G0 => had.rw == 0 && !had.wr,
                    Shape::G1c => had.rw == 0 && had.wr,
                    Shape::GSingle => had.rw == 1,
                    Shape::GNonadjacent => had.rw > 1 && !adjacent,
                    Shape::G2Item => adjacent,
                }
        };
        let begin = |start: u32| {
            let had = Had { own: false, wr: false, rw: 0, adjacent: false, began: false, ended: false };
            (start, start, had)
        };
        let mut walks: BTreeSet<(u32, u32, Had)> = (0..self.times.len() as u32).map(begin).collect();
        for length in 1..=4 * self.times.len() {
            let mut longer = BTreeSet::new();
            for &(start, at, had) in &walks {
                for (&(_, to), kinds) in self.plain.range((at, 0)..=(at, u32::MAX)) {
                    for &kind in kinds.iter().filter(|kind| scope.allows(**kind)) {
                        let rw = kind == Kind::Rw;
                        let had = Had {
                            own: had.own || is_own(kind),
                            wr: had.wr || kind == Kind::Wr,
                            rw: (had.rw + u32::from(rw)).min(2),
                            adjacent: had.adjacent || (rw && had.ended),
                            began: if length == 1 { rw } else { had.began },
                            ended: rw,
                        };
                        longer.insert((start, to, had));
                    }
                }
            }
            if longer.iter().any(|(start, at, had)| start == at && is_one(had)) {
                return Some(length);
            }
            walks = longer;
        }
        None
    }
}

#[test]
fn the_smallest_closed_walk_of_each_name_is_found_by_trying_all() {
    const SHAPES: [Shape; 5] = [Shape::G0, Shape::G1c, Shape::GSingle, Shape::GNonadjacent, Shape::G2Item];
    let mut lengths: BTreeMap<Anomaly, BTreeSet<usize>> = BTreeMap::new();
    for seed in 0..3_000 {
        let both = random(&mut Seed(seed).stream("smallest"));
        for scope in Scope::ALL {
            let knots = Knots::new(&both.graph, scope);
            for shape in SHAPES {
                let walk = search::smallest(&both.graph, &knots, &both.times, scope, shape);
                for Link { from, to, edge } in walk.iter().flatten() {
                    assert!(both.plain[&(*from, *to)].contains(&edge.kind), "seed {seed}: {from} to {to}");
                }
                let length = walk.map(|walk| walk.len());
                assert_eq!(length, both.shortest_walk(scope, shape), "seed {seed}, {scope:?}, {shape:?}");
                lengths.entry(Anomaly::Cycle(scope, shape)).or_default().extend(length);
            }
        }
    }
    assert!(lengths.len() == 15 && lengths.values().all(|lengths| lengths.len() > 1), "{lengths:?}");
}

#[test]
fn a_long_chain_of_relays_is_one_dependency() {
    // B is done, five come one after another, and then C is asked for. E is done right before F is asked for. All others are under way.
    let times = [(0, 100), (1, 2), (13, 101), (14, 102), (15, 16), (17, 103)];
    let others = (0..5).map(|at| (3 + 2 * at, 4 + 2 * at));
    let history: Vec<Transaction<ListOp>> = (0..)
        .zip(times.into_iter().chain(others))
        .map(|(at, (invoked, completed))| {
            let outcome = Outcome::Committed { completed };
            Transaction { id: TransactionId(at), process: Process(at), ops: Vec::new(), invoked, outcome }
        })
        .collect();
    let prepared = Prepared::new(&history).expect("it meets the preconditions");
    let mut graph = Graph::new(history.len());
    let [a, b, c, d, e, f] = [0, 1, 2, 3, 4, 5];
    let data = |kind| Edge::data(kind, 0, 0, 0);
    graph.link(a, b, data(Kind::Rw));
    [(b, d), (d, e), (c, a), (f, a)].into_iter().for_each(|(from, to)| graph.link(from, to, data(Kind::Ww)));
    graph.timeline(Kind::RealTime, &prepared.timeline());
    let knots = Knots::new(&graph, Scope::RealTime);
    let times = (0..).zip(&history).map(|(at, of)| (of.invoked, prepared.completed(at))).collect();
    let walk = search::smallest(&graph, &knots, &times, Scope::RealTime, Shape::GSingle).expect("there are several");
    // Not by D, E and F, though that way goes over fewer edges.
    assert_eq!(walk.len(), 3);
}
