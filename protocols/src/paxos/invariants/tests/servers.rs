//! Slots whose servers the decisions of earlier slots have named: by hand, with α = 2, in a cluster whose three nodes are the first servers.

use super::*;

fn reconfiguration(members: &[usize]) -> Configuration {
    Configuration::new(members.iter().copied().map(NodeId::at).collect(), Sizes::Majorities).unwrap()
}

impl State {
    /// Leads, and proposes in slot 1 that the first node alone is to be the server.
    fn reconfiguring(mut self, round: u64) -> State {
        let proposal = Proposal::new(Value::Reconfigure(Box::new(reconfiguration(&[0]))));
        self.leads = Some((ballot(round), Slot::new(2), BTreeMap::from([(Slot::new(1), proposal)])));
        self.agreeing(round)
    }

    /// Accepts that.
    fn agreeing(mut self, round: u64) -> State {
        let value = Value::Reconfigure(Box::new(reconfiguration(&[0])));
        self.ledger.accept(Slot::new(1), Vote { ballot: ballot(round), value });
        self
    }

    /// Knows that to be decided, and has applied it.
    fn reconfigured(mut self) -> State {
        self.ledger.choose(Slot::new(1), Value::Reconfigure(Box::new(reconfiguration(&[0]))));
        self.latest = Tenure { from: Slot::new(3), number: 1, configuration: reconfiguration(&[0]) };
        self.applying(1)
    }
}

/// Plays the steps. What the last one breaks, before which nothing is broken.
fn broken(steps: &[(usize, &State)]) -> Option<&'static str> {
    let mut monitor = Safety { electors: Some(Electors::new(first(), Some(2))), ..monitor() };
    let mut broken = None;
    for (id, state) in steps {
        assert_eq!(broken, None);
        broken = look(&mut monitor, *id, state);
    }
    broken
}

/// The second node leads with ballot 1 and has the first one's vote. It knows, and the first one too, that the first is to run slot 3 alone.
fn decided() -> [State; 4] {
    let leader = node(1).reconfiguring(1);
    let voter = node(1).agreeing(1);
    [leader.clone(), voter.clone(), leader.reconfigured(), voter.reconfigured()]
}

#[test]
fn a_leader_that_does_not_know_who_runs_a_slot_must_not_propose_there() {
    assert_eq!(broken(&[(1, &node(1).proposing(1, 2, 7))]), None);
    assert_eq!(broken(&[(1, &node(1).proposing(1, 3, 7))]), Some(SERVERS_OF_SLOTS));
    let [leader, voter, knowing, _] = decided();
    assert_eq!(broken(&[(1, &leader), (0, &voter), (1, &knowing.clone().proposing(1, 3, 7))]), None);
    assert_eq!(broken(&[(1, &leader), (0, &voter), (1, &knowing.proposing(1, 4, 7))]), Some(SERVERS_OF_SLOTS));
}

#[test]
fn each_slot_is_decided_by_its_own_servers_and_by_nobody_else() {
    let [leader, voter, knowing, informed] = decided();
    let proposing = knowing.clone().proposing(1, 2, 7).proposing(1, 3, 7);
    for (slot, alone) in [(2, Some(CHOSEN_BY_QUORUM)), (3, None)] {
        let (vote, known) = (informed.clone().accepting(slot, 1, 7), proposing.clone().knowing(slot, 7));
        let steps = [(1, &leader), (0, &voter), (1, &knowing), (1, &proposing), (0, &vote), (1, &known)];
        assert_eq!(broken(&steps), alone, "the first node accepts slot {slot} alone");
    }
    let others = [proposing.clone().accepting(3, 1, 7), knowing.clone().accepting(3, 1, 7)];
    let known = others[0].clone().knowing(3, 7);
    let steps =
        [(1, &leader), (0, &voter), (1, &knowing), (1, &proposing), (1, &others[0]), (2, &others[1]), (1, &known)];
    assert_eq!(broken(&steps), Some(CHOSEN_BY_QUORUM), "the two others accept slot 3");
}

#[test]
fn a_slot_whose_servers_are_not_decided_yet_cannot_be_decided() {
    let leader = node(1).proposing(1, 1, 7).proposing(1, 2, 7);
    let votes = [leader.clone().accepting(2, 1, 7), node(1).accepting(2, 1, 7)];
    assert_eq!(broken(&[(1, &leader), (1, &votes[0]), (0, &votes[1]), (1, &votes[0].clone().knowing(2, 7))]), None);
    // The leader of ballot 1 went down before it was looked at, and had proposed in slot 3.
    let mut monitor = Safety { electors: Some(Electors::new(first(), Some(2))), ..monitor() };
    assert_eq!(look(&mut monitor, 1, &node(1)), None);
    crash(&mut monitor, 1);
    let voters = [node(1).accepting(3, 1, 7), node(1).accepting(3, 1, 7)];
    assert_eq!((look(&mut monitor, 0, &voters[0]), look(&mut monitor, 2, &voters[1])), (None, None));
    assert_eq!(look(&mut monitor, 2, &voters[1].clone().knowing(3, 7)), Some(CHOSEN_BY_QUORUM));
}

#[test]
fn a_node_that_goes_by_other_servers_than_the_decisions_say_is_a_breach() {
    let [leader, voter, knowing, informed] = decided();
    let until = [(1, &leader), (0, &voter), (1, &knowing)];
    assert_eq!(broken(&[&until[..], &[(0, &informed)]].concat()), None);
    let too_soon = Tenure { from: Slot::new(2), ..informed.latest.clone() };
    let others = Tenure { configuration: reconfiguration(&[1]), ..informed.latest.clone() };
    for latest in [too_soon, others] {
        let wrong = State { latest, ..informed.clone() };
        assert_eq!(broken(&[&until[..], &[(0, &wrong)]].concat()), Some(SERVERS_OF_SLOTS));
    }
    // It was told of the decision by a snapshot, and not of the servers.
    let ignorant = node(1).dropping(1, 9);
    assert_eq!(broken(&[&until[..], &[(2, &ignorant)]].concat()), Some(SERVERS_OF_SLOTS));
    let told = State { latest: knowing.latest.clone(), ..ignorant };
    assert_eq!(broken(&[&until[..], &[(2, &told)]].concat()), None);
}

#[test]
fn what_decided_a_slot_is_held_by_its_own_servers() {
    let [leader, voter, knowing, informed] = decided();
    let mut monitor = Safety { electors: Some(Electors::new(first(), Some(2))), ..monitor() };
    let proposing = knowing.clone().proposing(1, 3, 7);
    let vote = informed.clone().accepting(3, 1, 7);
    let known = proposing.clone().knowing(3, 7);
    for (id, state) in
        [(1, &leader), (0, &voter), (1, &knowing), (0, &informed), (1, &proposing), (0, &vote), (1, &known)]
    {
        assert_eq!(look(&mut monitor, id, state), None);
    }
    crash(&mut monitor, 0);
    let lost = State { latest: informed.latest.clone(), ..informed.restarted() }.applying(1);
    assert_eq!(look(&mut monitor, 0, &lost), Some(STABILITY), "it alone had decided slot 3");
}
