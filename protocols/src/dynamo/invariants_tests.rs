//! Each property of the store, broken once.

use shaketable_sim::digest::digest_of;
use shaketable_sim::history::Moment;
use shaketable_sim::id::ClientId;
use shaketable_sim::node::{Ctx, Node, Recovered};
use shaketable_sim::param::{Args, Value};
use shaketable_sim::rng::Seed;
use shaketable_sim::spec::register::{Action, Op, Register, Ret};
use shaketable_sim::time::Instant;

use super::super::config::{Config, PARAMS};
use super::super::gossip::{Health, Status};
use super::super::membership::Preferences;
use super::super::rules::{Paper, Rules};
use super::super::types::{Hint, Record};
use super::super::versions::Past;
use super::*;

/// Nothing is ever obsolete, so that whatever is written is a sibling.
#[derive(Debug)]
struct KeepsAll;

impl Rules for KeepsAll {
    fn is_obsolete(&self, _: Dot, _: &Past) -> bool {
        false
    }
}

const KEY: Key = Key::at(0);

type Store = Dynamo<Register>;

fn config(lww: bool) -> Config {
    let mut args = Args::defaults(PARAMS);
    if lww {
        let bound = Args::new(vec![("clock-bound", Value::Span(Span::millis(100)))]);
        args.set("versions", Value::Table(bound));
    }
    Config::from_args(&args).unwrap()
}

fn dot(counter: u64, node: usize) -> Dot {
    Dot { counter, actor: Actor { node: NodeId::at(node), stint: None } }
}

fn op(seq: u32) -> OpId {
    OpId { client: ClientId::at(0), seq }
}

/// What somebody knows who has seen these writes, each of which knew those before it.
fn object(dots: &[Dot]) -> Object<Option<u64>> {
    let mut object = Object::default();
    dots.iter().for_each(|&dot| object.write(dot, Some(digest_of(&dot)), Versions::Dotted, &Paper));
    object
}

/// Three nodes, all of which own every key, just booted.
fn cluster(lww: bool) -> Vec<Store> {
    let boot = |index| {
        let (mut rng, mut effects) = (Seed(1).stream("node"), Vec::new());
        let mut ctx = Ctx::new(NodeId::at(index), 3, Instant::ZERO, &mut rng, &mut effects);
        Store::boot(&config(lww), Recovered { first_boot: true, records: Vec::new() }, &mut ctx)
    };
    (0..3).map(boot).collect()
}

fn keep(node: &mut Store, record: &Record<Option<u64>>) {
    node.replica.as_mut().unwrap().apply(record);
}

fn own(node: &mut Store, dots: &[Dot]) {
    keep(node, &Record::Owned { key: KEY, object: object(dots) });
}

fn contract() -> Contract {
    <Contract as Invariants<Store>>::new(3)
}

/// A monitor that has seen these writes acknowledged, and a history in which they were, at these seconds; and a read much later.
fn acknowledged(writes: &[(Dot, u64)]) -> (Contract, History<Register>) {
    let (mut contract, mut history) = (contract(), History::<Register>::new());
    let at = |seconds| Instant::ZERO + Span::secs(seconds);
    for (place, &(dot, seconds)) in writes.iter().enumerate() {
        let id = op(place as u32 + 1);
        contract.acknowledged.entry(id).or_default().insert((KEY, dot));
        contract.fates.made(KEY, dot, id);
        let moment = |order| Moment { order, at: at(seconds) };
        let returned = moment(2 * place as u32 + 1);
        let outcome = Outcome::Ok { ret: Ret::Done, returned };
        let op = Op { key: KEY, action: Action::Write(place as u64) };
        history.push(Operation { id, op, invoked: moment(2 * place as u32), node: NodeId::at(0), outcome });
    }
    let op = Op { key: KEY, action: Action::Read };
    let invoked = Moment { order: 1_000, at: at(100) };
    let id = OpId { client: ClientId::at(1), seq: 1 };
    history.push(Operation { id, op, invoked, node: NodeId::at(0), outcome: Outcome::Unknown });
    (contract, history)
}

fn healed(contract: &mut Contract, nodes: &[Store], history: &History<Register>) -> Option<&'static str> {
    let nodes: Vec<Option<&Store>> = nodes.iter().map(Some).collect();
    contract.after_heal(&nodes, history).err().map(|breach| breach.property)
}

fn acts(contract: &mut Contract, id: usize, node: &Store) -> Option<&'static str> {
    contract.after_event(NodeId::at(id), node).err().map(|breach| breach.property)
}

fn names(node: &mut Store, dot: Dot, read: &[Dot]) {
    node.named.push(Named { key: KEY, op: op(9), dot, read: read.to_vec(), deletes: None });
}

#[test]
fn a_name_that_others_know_is_a_breach_and_one_that_was_lost_with_its_maker_is_none() {
    let (mut contract, mut nodes) = (contract(), cluster(false));
    names(&mut nodes[0], dot(1, 0), &[]);
    names(&mut nodes[0], dot(1, 0), &[]);
    assert_eq!(acts(&mut contract, 0, &nodes[0]), None, "nobody else has heard of it");
    own(&mut nodes[1], &[dot(1, 0)]);
    assert_eq!(acts(&mut contract, 1, &nodes[1]), None);
    names(&mut nodes[0], dot(2, 0), &[]);
    assert_eq!(acts(&mut contract, 0, &nodes[0]), None);
    names(&mut nodes[0], dot(1, 0), &[]);
    assert_eq!(acts(&mut contract, 0, &nodes[0]), Some(UNIQUE_DOTS));
}

#[test]
fn a_write_that_is_not_later_than_what_it_has_read_is_a_breach() {
    let (mut contract, mut nodes) = (contract(), cluster(false));
    names(&mut nodes[0], dot(6, 0), &[dot(5, 1), dot(4, 2)]);
    assert_eq!(acts(&mut contract, 0, &nodes[0]), None);
    names(&mut nodes[0], dot(7, 0), &[dot(8, 1)]);
    assert_eq!(acts(&mut contract, 0, &nodes[0]), Some(HAPPENS_BEFORE));
}

#[test]
fn siblings_of_two_coordinators_are_none_and_of_one_are_a_breach() {
    let (mut contract, mut nodes) = (contract(), cluster(false));
    let with = |dots: [Dot; 2]| {
        let mut both = object(&dots[..1]);
        both.write(dots[1], Some(0), Versions::Dotted, &KeepsAll);
        Record::Owned { key: KEY, object: both }
    };
    keep(&mut nodes[0], &with([dot(1, 1), dot(2, 2)]));
    assert_eq!(acts(&mut contract, 0, &nodes[0]), None);
    keep(&mut nodes[0], &with([dot(3, 1), dot(4, 1)]));
    assert_eq!(acts(&mut contract, 0, &nodes[0]), Some(ONE_SIBLING));
}

#[test]
fn an_acknowledged_write_that_nobody_has_and_nobody_has_overwritten_is_a_breach() {
    let (mut contract, history) = acknowledged(&[(dot(1, 0), 99)]);
    let mut nodes = cluster(false);
    assert_eq!(healed(&mut contract, &nodes, &history), Some(KEPT));
    own(&mut nodes[0], &[dot(1, 0), dot(2, 1)]);
    assert_eq!(healed(&mut contract, &nodes, &history), Some(KEPT), "whoever dropped it had not read it");
    contract.overwritten.insert((KEY, dot(1, 0)));
    assert_eq!(healed(&mut contract, &nodes, &history), None);
    own(&mut nodes[0], &[dot(1, 0)]);
    contract.overwritten.clear();
    assert_eq!(healed(&mut contract, &nodes, &history), None, "one node is enough for a write of a second ago");
    let lost: Vec<Option<&Store>> = vec![None, None, Some(&nodes[2])];
    let mut verdict = |holders: &[usize]| {
        contract.fates = Fates::new(3);
        holders.iter().for_each(|&node| contract.fates.holds(NodeId::at(node), KEY, vec![dot(1, 0)]));
        contract.after_heal(&lost, &history).err().map(|breach| breach.property)
    };
    assert_eq!(verdict(&[0, 1]), None, "as many disks were lost as had to have it");
    assert_eq!(verdict(&[0, 2]), Some(KEPT), "of the disks that were lost one has never had it");
}

#[test]
fn of_a_write_that_is_lost_it_is_told_whose_and_who_had_it() {
    let (mut contract, history) = acknowledged(&[(dot(1, 0), 99)]);
    let mut nodes = cluster(false);
    for (place, node) in nodes.iter_mut().enumerate() {
        own(node, &[dot(1, 0)]);
        assert_eq!(acts(&mut contract, place, node), None);
    }
    let mut crash = |node, seconds| {
        Invariants::<Store>::at(&mut contract, Now { at: Instant::ZERO + Span::secs(seconds), ..Now::default() });
        Invariants::<Store>::after_crash(&mut contract, NodeId::at(node));
    };
    [(0, 7), (1, 5), (1, 9)].into_iter().for_each(|(node, seconds)| crash(node, seconds));
    let nodes = cluster(false);
    let breach = contract.after_heal(&nodes.iter().map(Some).collect::<Vec<_>>(), &history).expect_err("it is lost");
    assert_eq!((breach.property, &breach.about[..], breach.came), (KEPT, &[op(1)][..], None));
    let fates = "n1 had it until it crashed at 7s, n2 had it until it crashed at 5s, n3 had it";
    assert!(breach.story.ends_with(&format!("no node has it: {fates}")), "{}", breach.story);
    let at = Instant::ZERO + Span::secs(8);
    Invariants::<Store>::at(&mut contract, Now { at, ..Now::default() });
    contract.fates.made(KEY, dot(2, 1), op(7));
    contract.fates.holds(NodeId::at(2), KEY, vec![dot(2, 1)]);
    let breach = contract.after_heal(&nodes.iter().map(Some).collect::<Vec<_>>(), &history).expect_err("it is lost");
    assert!(breach.story.ends_with("n3 dropped it at 8s for 2@n2 (c1#7)"), "{}", breach.story);
    assert_eq!((breach.came, &breach.about[..]), (Some(at), &[op(7), op(1)][..]));
    let gone: Vec<Option<&Store>> = vec![None, Some(&nodes[1]), Some(&nodes[2])];
    let breach = contract.after_heal(&gone, &history).expect_err("it is lost");
    assert!(
        breach.story.contains("n1 had it when it crashed at 7s, and is down or not to be trusted, n2 had it until"),
        "{}",
        breach.story
    );
    assert_eq!(breach.came, None, "nobody knows what is on its disk");
}

#[test]
fn an_owner_that_lacks_an_old_write_or_has_other_versions_in_force_is_a_breach() {
    let (mut contract, history) = acknowledged(&[(dot(1, 0), 10), (dot(2, 1), 10)]);
    contract.overwritten.insert((KEY, dot(1, 0)));
    let mut nodes = cluster(false);
    nodes.iter_mut().for_each(|node| own(node, &[dot(1, 0), dot(2, 1)]));
    assert_eq!(healed(&mut contract, &nodes, &history), None);
    own(&mut nodes[2], &[dot(1, 0)]);
    assert_eq!(healed(&mut contract, &nodes, &history), Some(CONVERGENCE), "it does not know the second");
    let mut both = object(&[dot(2, 1)]);
    both.merge(&object(&[dot(1, 0)]), Versions::Dotted, &Paper);
    keep(&mut nodes[2], &Record::Owned { key: KEY, object: both });
    assert_eq!(healed(&mut contract, &nodes, &history), Some(CONVERGENCE), "it has a sibling that the others have not");
}

#[test]
fn a_hint_of_an_old_write_is_a_breach_and_of_a_new_one_is_none() {
    for (seconds, expected) in [(10, Some(HANDOFF)), (99, None)] {
        let (mut contract, history) = acknowledged(&[(dot(1, 0), seconds)]);
        let mut nodes = cluster(false);
        nodes.iter_mut().for_each(|node| own(node, &[dot(1, 0)]));
        let hint = Hint { object: object(&[dot(1, 0)]), missing: BTreeSet::from([NodeId::at(1)]) };
        keep(&mut nodes[0], &Record::Hinted { key: KEY, hint });
        assert_eq!(healed(&mut contract, &nodes, &history), expected, "acknowledged at {seconds}s");
    }
}

#[test]
fn a_later_write_that_is_earlier_by_its_clock_is_a_breach_beyond_the_bound_alone() {
    for (first, second, expected) in [(dot(5, 0), dot(4, 1), Some(LAST_WRITE)), (dot(4, 0), dot(5, 1), None)] {
        let (mut contract, history) = acknowledged(&[(first, 10), (second, 11)]);
        let mut nodes = cluster(true);
        let (low, high) = (first.min(second), first.max(second));
        nodes.iter_mut().for_each(|node| own(node, &[low, high]));
        assert_eq!(healed(&mut contract, &nodes, &history), expected, "{first} and then {second}");
    }
    let (mut contract, history) = acknowledged(&[(dot(5, 0), 10), (dot(4, 1), 10)]);
    let mut nodes = cluster(true);
    nodes.iter_mut().for_each(|node| own(node, &[dot(4, 1), dot(5, 0)]));
    assert_eq!(healed(&mut contract, &nodes, &history), None, "within the bound either may win");
}

#[test]
fn taking_a_node_that_is_up_for_dead_for_long_is_a_breach_and_suspecting_it_or_a_moment_is_none() {
    let (mut contract, history) = acknowledged(&[]);
    let mut nodes = cluster(false);
    let mut probes = |nodes: &mut Vec<Store>, health, times: usize| {
        nodes[0].swim.set(NodeId::at(2), Status { incarnation: 3, health });
        for _ in 0..times {
            let (mut rng, mut effects) = (Seed(1).stream("node"), Vec::new());
            nodes[0].probe(&mut Ctx::new(NodeId::at(0), 3, Instant::ZERO, &mut rng, &mut effects));
            assert_eq!(acts(&mut contract, 0, &nodes[0]), None);
        }
        healed(&mut contract, nodes, &history)
    };
    assert_eq!(probes(&mut nodes, Health::Suspect, 100), None);
    assert_eq!(probes(&mut nodes, Health::Dead, 3), None, "it has hardly been asked");
    assert_eq!(probes(&mut nodes, Health::Alive, 1), None);
    assert_eq!(probes(&mut nodes, Health::Dead, 3), None, "it was alive in between");
    assert_eq!(probes(&mut nodes, Health::Dead, 100), Some(SEEN_ALIVE));
}

/// What somebody knows who has seen a value and its deletion.
fn deleted(value: Dot, tombstone: Dot) -> Object<Option<u64>> {
    let mut object = object(&[value]);
    object.write(tombstone, None, Versions::Dotted, &Paper);
    object
}

fn goes_by(node: &mut Store, number: u64, by: usize, members: &[usize]) {
    let epoch = Epoch { number, by: NodeId::at(by) };
    let ring = Ring { epoch, members: members.iter().map(|&member| NodeId::at(member)).collect() };
    node.preferences = Preferences::new(ring, &config(false));
}

#[test]
fn a_node_that_goes_back_to_an_earlier_ring_is_a_breach_even_over_a_restart() {
    let (mut contract, mut nodes) = (contract(), cluster(false));
    for (number, by) in [(1, 0), (1, 1), (2, 0)] {
        goes_by(&mut nodes[0], number, by, &[0, 1, 2]);
        assert_eq!(acts(&mut contract, 0, &nodes[0]), None, "ring {number} of {by}");
    }
    Invariants::<Store>::after_crash(&mut contract, NodeId::at(0));
    goes_by(&mut nodes[0], 1, 1, &[0, 1, 2]);
    assert_eq!(acts(&mut contract, 0, &nodes[0]), Some(RINGS_ADVANCE));
}

#[test]
fn two_rings_of_one_epoch_are_a_breach_and_two_of_one_number_are_none() {
    let (mut contract, mut nodes) = (contract(), cluster(false));
    goes_by(&mut nodes[0], 1, 0, &[0, 1, 2]);
    goes_by(&mut nodes[1], 1, 1, &[1, 2, 3]);
    goes_by(&mut nodes[2], 1, 0, &[0, 1, 3]);
    assert_eq!(acts(&mut contract, 0, &nodes[0]), None);
    assert_eq!(acts(&mut contract, 1, &nodes[1]), None, "each has a maker of its own");
    assert_eq!(acts(&mut contract, 2, &nodes[2]), Some(RINGS_ADVANCE));
}

#[test]
fn nodes_that_know_different_rings_after_the_heal_are_a_breach() {
    let (mut contract, history) = acknowledged(&[]);
    let mut nodes = cluster(false);
    nodes.iter_mut().for_each(|node| goes_by(node, 1, 0, &[0, 1, 2]));
    assert_eq!(healed(&mut contract, &nodes, &history), None);
    goes_by(&mut nodes[2], 2, 0, &[0, 1, 2]);
    assert_eq!(healed(&mut contract, &nodes, &history), Some(RINGS_AGREE));
}

#[test]
fn a_value_that_comes_back_when_its_tombstone_was_collected_is_a_breach_and_the_tombstone_itself_is_none() {
    let (mut contract, mut nodes) = (contract(), cluster(false));
    let tombstone = deleted(dot(1, 0), dot(2, 1));
    nodes[0].collected.push((KEY, tombstone.past().clone()));
    assert_eq!(acts(&mut contract, 0, &nodes[0]), None);
    keep(&mut nodes[1], &Record::Owned { key: KEY, object: tombstone });
    assert_eq!(acts(&mut contract, 1, &nodes[1]), None, "whoever has it yet may pass it on");
    own(&mut nodes[2], &[dot(3, 2)]);
    assert_eq!(acts(&mut contract, 2, &nodes[2]), None, "it was written since");
    own(&mut nodes[2], &[dot(1, 0)]);
    assert_eq!(acts(&mut contract, 2, &nodes[2]), Some(DELETED));
}

#[test]
fn a_value_in_force_whose_deletion_was_acknowledged_long_ago_is_a_breach_and_of_late_is_none() {
    for (seconds, expected) in [(10, Some(DELETED)), (99, None)] {
        let (mut contract, history) = acknowledged(&[(dot(2, 1), seconds)]);
        contract.deletions.insert((KEY, dot(2, 1)), object(&[dot(1, 0)]).past().clone());
        let mut nodes = cluster(false);
        let tombstone = deleted(dot(1, 0), dot(2, 1));
        nodes.iter_mut().for_each(|node| keep(node, &Record::Owned { key: KEY, object: tombstone.clone() }));
        assert_eq!(healed(&mut contract, &nodes, &history), None);
        let mut both = object(&[dot(1, 0)]);
        both.merge(&tombstone, Versions::Dotted, &KeepsAll);
        nodes.iter_mut().for_each(|node| keep(node, &Record::Owned { key: KEY, object: both.clone() }));
        assert_eq!(healed(&mut contract, &nodes, &history), expected, "acknowledged at {seconds}s");
    }
}

#[test]
fn an_acknowledged_tombstone_that_was_collected_is_missed_by_nobody() {
    let (mut contract, history) = acknowledged(&[(dot(2, 1), 10)]);
    let nodes = cluster(false);
    assert_eq!(healed(&mut contract, &nodes, &history), Some(KEPT));
    contract.collected.insert(KEY, deleted(dot(1, 0), dot(2, 1)).past().clone());
    contract.deletions.insert((KEY, dot(2, 1)), object(&[dot(1, 0)]).past().clone());
    assert_eq!(healed(&mut contract, &nodes, &history), None);
}

#[test]
fn a_value_that_is_gone_with_a_tombstone_and_that_nobody_had_read_is_a_breach_unless_the_last_writer_wins() {
    for (lww, expected) in [(false, Some(KEPT)), (true, None)] {
        let (mut contract, history) = acknowledged(&[(dot(1, 0), 99)]);
        contract.collected.insert(KEY, deleted(dot(1, 0), dot(2, 1)).past().clone());
        contract.deletions.insert((KEY, dot(2, 1)), object(&[dot(1, 0)]).past().clone());
        assert_eq!(healed(&mut contract, &cluster(lww), &history), expected, "last writer wins: {lww}");
        contract.overwritten.insert((KEY, dot(1, 0)));
        assert_eq!(healed(&mut contract, &cluster(lww), &history), None);
    }
}
