//! §2.1, §2.3: how a chosen value is learned.

use shaketable_protocols::paxos::types::{Msg, Slot};
use shaketable_sim::param::Value as Setting;

use crate::node::{Bench, Start, accept, accepted, addition, ballot, has_accepted, heartbeat, vote};

fn decided(bench: &Bench, slot: u64) -> bool {
    bench.ledger().is_decided(Slot::new(slot))
}

/// §2.2, §2.3.
#[test]
fn a_value_is_chosen_when_a_majority_has_accepted_it() {
    let mut leader = Start::default().lead_free();
    leader.asked(1, 5);
    let ballot = leader.promised();
    leader.hears(0, accepted(1, ballot));
    leader.hears(1, accepted(1, ballot));
    leader.hears(1, accepted(1, ballot));
    assert!(!decided(&leader, 1), "an acceptor counts once");
    assert_eq!(leader.hears(2, accepted(1, ballot)).answers(), [Some(5)]);
    assert!(decided(&leader, 1));
}

/// §2.3: a proposal is accepted by a majority, not a value.
#[test]
fn acceptances_of_another_number_do_not_count() {
    let mut leader = Start::default().lead_free();
    leader.asked(1, 5);
    for acceptor in 1..5 {
        leader.hears(acceptor, accepted(1, ballot(0, 4)));
    }
    assert!(!decided(&leader, 1));
}

/// §2.3: acceptors tell a distinguished learner, which tells the others.
#[test]
fn acceptors_tell_the_leader_alone_and_it_tells_the_others() {
    let mut node = Start::default().boot();
    let done = node.hears(3, accept(1, vote(ballot(1, 3), addition(1, 5))));
    assert_eq!(done.sent(), [(3, accepted(1, ballot(1, 3)))]);
    assert!(!decided(&node, 1));
    node.hears(3, heartbeat(ballot(1, 3), 1));
    assert!(decided(&node, 1));
    assert_eq!(node.observe().applied, 1);
}

/// §2.1: no process learns that a value is chosen unless it is.
#[test]
fn what_was_accepted_of_another_number_is_not_learned_from_the_leader() {
    for known in [true, false] {
        let vote = vote(ballot(1, 2), addition(1, 5));
        let journal = if known { vec![has_accepted(1, vote)] } else { vec![] };
        let mut node = Start::with(&journal).boot();
        let done = node.hears(3, heartbeat(ballot(1, 3), 1));
        assert!(!decided(&node, 1));
        let asks = |msg: &Msg<_, _>| matches!(msg, Msg::Lacks { first, .. } if first.get() == 1);
        assert!(done.to(3).iter().any(asks), "it asks instead");
    }
}

/// §2.3: a learner that has missed a message can ask.
#[test]
fn who_is_asked_tells_what_it_knows_a_window_at_a_time() {
    let start = Start::default().set("batch", Setting::Count(1)).set("window", Setting::Count(2));
    let mut leader = start.lead_free();
    let ballot = leader.promised();
    for seq in 1..=10 {
        leader.asked(seq, 5);
        (0..3).for_each(|acceptor| drop(leader.hears(acceptor, accepted(u64::from(seq), ballot))));
    }
    let told = leader.hears(4, Msg::Lacks { first: Slot::new(1), received: None }).to(4);
    let learn = |slot: u64, sent| Msg::Learn {
        first: Slot::new(slot),
        values: vec![addition(slot as u32, 5)],
        sent: Slot::new(sent),
        commit: Slot::new(10),
    };
    // No fewer than eight: a leader that needs nobody decides faster than a small window tells.
    assert_eq!(told, (1..=8).map(|slot| learn(slot, 8)).collect::<Vec<_>>());
    // Whichever comes last, it asks for the rest then.
    for last in [8, 1, 5] {
        let mut learner = start.boot();
        for slot in (1..=8).filter(|slot| *slot != last) {
            assert_eq!(learner.hears(3, learn(slot, 8)).sent(), []);
        }
        let rest = learner.hears(3, learn(last, 8)).to(3);
        assert_eq!(rest, [Msg::Lacks { first: Slot::new(9), received: None }]);
        assert_eq!(learner.hears(3, learn(9, 10)).sent(), []);
        assert_eq!(learner.hears(3, learn(10, 10)).sent(), []);
        assert_eq!(learner.observe().applied, 10);
    }
}

/// §2.3: if no learner knows, a proposer can find out by proposing.
#[test]
fn a_new_leader_finds_out_what_was_chosen_by_proposing_it_again() {
    let chosen = vote(ballot(1, 3), addition(1, 5));
    let (mut leader, _) = Start::default().lead(&[&[(1, chosen.clone())], &[(1, chosen)]]);
    let ballot = leader.promised();
    (0..3).for_each(|acceptor| drop(leader.hears(acceptor, accepted(1, ballot))));
    assert!(decided(&leader, 1));
    assert_eq!(leader.observe().applied, 1);
}
