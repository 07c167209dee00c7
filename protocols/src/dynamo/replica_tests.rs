//! What a journal says, compacted or not, and what becomes of keys when the ring changes.

use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::time::Span;

use super::super::membership::Epoch;
use super::super::rules::Paper;
use super::super::versions::{Actor, Dot, Versions};
use super::*;

const LWW: Versions = Versions::LastWriterWins { clock_bound: Span::ZERO };

fn node(number: u64) -> NodeId {
    NodeId::at(number as usize)
}

fn nodes(rng: &mut Stream) -> BTreeSet<NodeId> {
    (0..rng.between(1, 3)).map(|_| node(rng.below(5))).collect()
}

fn object(counter: u64) -> Object<u64> {
    let mut object = Object::default();
    object.write(Dot { counter, actor: Actor { node: node(1), stint: None } }, counter, LWW, &Paper);
    object
}

fn record(rng: &mut Stream) -> Record<u64> {
    let key = Key::at(rng.below(6) as usize);
    match rng.below(6) {
        0 => Record::HandedOver { key },
        1 => Record::Collected { key },
        2 => Record::Hinted { key, hint: Hint { object: object(rng.between(1, 99)), missing: nodes(rng) } },
        3 => {
            let epoch = Epoch { number: rng.below(9), by: node(rng.below(5)) };
            Record::Ring { ring: Ring { epoch, members: nodes(rng).into_iter().collect() } }
        }
        _ => Record::Owned { key, object: object(rng.between(1, 99)) },
    }
}

fn recovered(records: &[Record<u64>], torn: bool) -> Replica<u64> {
    let tail = torn.then_some(Stored::Damaged);
    let records = records.iter().cloned().map(Stored::Intact).chain(tail).collect();
    let (replica, was_torn) = Replica::recover(&Recovered { first_boot: false, records }).unwrap();
    assert_eq!(was_torn, torn);
    replica
}

/// All that a replica says, but for the history of its changes and the length of its journal.
fn says(replica: &Replica<u64>) -> impl PartialEq + std::fmt::Debug + use<> {
    let Replica { ring, owned, hints, forgotten, counter, .. } = replica.clone();
    (ring, owned, hints, forgotten, counter)
}

#[test]
fn a_compacted_journal_says_the_same_and_goes_on_alike() {
    let mut compactions = 0;
    for seed in 0..300 {
        let mut rng = Seed(seed).stream("journal");
        let (mut journal, mut replica) = (vec![Record::Formatted], recovered(&[Record::Formatted], false));
        for _ in 0..rng.between(1, 60) {
            let record = record(&mut rng);
            replica.apply(&record);
            journal.push(record);
            let before = journal.clone();
            if let Some(records) = replica.compacted(4) {
                (journal, compactions) = (records, compactions + 1);
                assert!(journal.len() < before.len(), "seed {seed}");
                assert_eq!(journal.first(), Some(&Record::Formatted), "seed {seed}: a journal that was lost is empty");
                assert_eq!(says(&recovered(&before, false)), says(&replica), "seed {seed}: the old one, after a crash");
            }
            assert_eq!(says(&recovered(&journal, rng.below(2) == 0)), says(&replica), "seed {seed}");
            let keys = replica.owned.len() + replica.hints.len();
            assert!(journal.len() <= 4 * (1 + keys), "seed {seed}: {} records for {keys} keys", journal.len());
        }
    }
    assert!(compactions >= 300, "{compactions}");
}

#[test]
fn from_ring_to_ring_every_version_is_kept_for_all_who_own_it_until_they_have_it() {
    let me = node(0);
    for seed in 0..300 {
        let mut rng = Seed(seed).stream("rings");
        let mut replica = Replica::blank();
        for _ in 0..rng.between(1, 30) {
            replica.apply(&record(&mut rng));
        }
        let owners: BTreeMap<Key, BTreeSet<NodeId>> = (0..6).map(|key| (Key::at(key), nodes(&mut rng))).collect();
        let before = replica.clone();
        replica.settled(me, |key| owners[&key].clone(), &Paper).iter().for_each(|record| replica.apply(record));
        for (key, owners) in &owners {
            assert_eq!(replica.object(*key), before.object(*key), "seed {seed}: nothing is lost");
            assert!(!replica.owns(*key) || owners.contains(&me), "seed {seed}: it keeps for itself what it owns");
            if let Some(hint) = replica.hints.get(key) {
                assert!(
                    !owners.contains(&me) && hint.missing.is_subset(owners),
                    "seed {seed}: {hint:?} for {owners:?}"
                );
                assert!(
                    !before.owns(*key) || hint.missing == *owners,
                    "seed {seed}: all must have what it has resigned"
                );
            }
        }
        assert_eq!(replica.settled(me, |key| owners[&key].clone(), &Paper), [], "seed {seed}: once is enough");
    }
}

#[test]
fn a_key_of_which_something_was_forgotten_is_remembered_as_such_for_ever() {
    let key = Key::at(0);
    for gone in [Record::HandedOver { key }, Record::Collected { key }] {
        let mut replica = recovered(&[Record::Formatted, Record::Owned { key, object: object(7) }], false);
        assert!(!replica.has_forgotten(key));
        replica.apply(&gone);
        replica.apply(&Record::Owned { key, object: object(3) });
        (0..9).for_each(|_| replica.apply(&Record::Formatted));
        let replica = recovered(&replica.compacted(4).unwrap(), false);
        assert!(replica.has_forgotten(key));
        assert_eq!(replica.counter(), 7, "no later write may have an earlier name");
    }
}
