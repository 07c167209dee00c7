//! Who runs which slot, against the definition: for all small logs, and whatever of them a node knows.

use super::super::rules::Paper;
use super::*;

/// The configuration number `n` of this test: nodes `n`, `n + 1`, `n + 2`.
fn servers(number: usize) -> Configuration {
    Configuration::new((number..number + 3).map(NodeId::at).collect(), Sizes::Majorities).unwrap()
}

/// What is decided: by slot, from 1, who are to be the servers, or something else.
type Log = Vec<Option<usize>>;

/// All logs of this length whose slots each hold one of two reconfigurations, or something else.
fn logs(length: usize) -> Vec<Log> {
    let mut logs: Vec<Log> = vec![Vec::new()];
    for _ in 0..length {
        let choices = [None, Some(1), Some(2)];
        logs = logs.iter().flat_map(|log| choices.map(|next| [log.clone(), vec![next]].concat())).collect();
    }
    logs
}

/// By definition: the servers that run slot i + α are those that the decisions of the slots up to i name last.
fn runs(log: &Log, slot: u64, alpha: u64) -> Configuration {
    let named = (1..=slot.saturating_sub(alpha)).rev().find_map(|at| *log.get(at as usize - 1)?);
    servers(named.unwrap_or(0))
}

fn applied(log: &[Option<usize>], alpha: u64) -> Configurations {
    let mut configurations = Configurations::new(servers(0), Some(alpha));
    for (place, decision) in log.iter().enumerate() {
        let slot = Slot::new(place as u64 + 1);
        if let Some(number) = decision {
            configurations.decide(slot, servers(*number), &Paper);
        }
        configurations.advance(slot);
    }
    configurations
}

/// As a node has them that was sent the others'.
fn restored(others: &Configurations, last: Slot) -> Configurations {
    let mut configurations = Configurations::new(servers(0), others.alpha());
    others.decided().for_each(|tenure| configurations.restore(tenure.clone()));
    configurations.advance(last);
    configurations
}

#[test]
fn the_servers_of_each_slot_are_those_that_the_decisions_up_to_alpha_before_name() {
    for (alpha, log) in (1..=3).flat_map(|alpha| logs(6).into_iter().map(move |log| (alpha, log))) {
        for known in 0..=log.len() {
            let last = Slot::new(known as u64);
            let own = applied(&log[..known], alpha);
            for configurations in [restored(&own, last), own] {
                let settled = last.get() + alpha;
                let from = (last.get() + 1).saturating_sub(alpha).max(1);
                for slot in from..=settled {
                    let expected = runs(&log, slot, alpha);
                    assert_eq!(*configurations.of(Slot::new(slot)), expected, "{log:?}, α {alpha}, slot {slot}");
                    assert!(configurations.settles(Slot::new(slot), last, &Paper));
                    let mut later: Vec<Configuration> = (slot..=settled).map(|slot| runs(&log, slot, alpha)).collect();
                    let mut since: Vec<Configuration> = configurations.since(Slot::new(slot)).cloned().collect();
                    later.dedup();
                    since.dedup(); // The same servers may be named twice.
                    assert_eq!(since, later, "{log:?}, α {alpha}, {known} known, from slot {slot}");
                }
                assert!(!configurations.settles(Slot::new(settled + 1), last, &Paper));
                let changes = log[..known].iter().flatten().count() as u64;
                let (latest, end) = (configurations.latest(), configurations.settled_by());
                assert_eq!((latest.number, end > last), (changes, configurations.since(Slot::new(from)).count() > 1));
            }
        }
    }
}

#[test]
fn members_that_never_change_run_all_slots() {
    let mut configurations = Configurations::new(servers(0), None);
    configurations.decide(Slot::new(1), servers(1), &Paper);
    configurations.advance(Slot::new(9));
    assert_eq!(*configurations.of(Slot::new(1_000)), servers(0));
    assert!(configurations.settles(Slot::new(1_000), Slot::ZERO, &Paper));
    assert_eq!((configurations.settled_by(), configurations.decided().count()), (Slot::ZERO, 0));
}

#[test]
fn only_members_are_counted_and_a_quorum_has_reached_what_the_last_of_it_has() {
    let servers = servers(1);
    let nodes = |numbers: &[usize]| numbers.iter().copied().map(NodeId::at).collect::<Vec<_>>();
    assert_eq!(servers.count(&nodes(&[0, 1, 3, 4])), 2);
    assert_eq!(servers.reached(|node| [90, 5, 7, 6][node.index()]), 6);
    assert!(Configuration::new(BTreeSet::new(), Sizes::Majorities).is_none());
    assert!(Configuration::new(BTreeSet::from([NodeId::at(0)]), Sizes::Phase2(2)).is_none());
}
