//! The heal asks for what the members of a cluster need, and not for what all its nodes would: who is outside may be down for ever.

use std::collections::BTreeSet;

use crate::common::{adding, calm, fault, target};
use serde::Serialize;
use shaketable_sim::check::invariant::NoInvariants;
use shaketable_sim::faults::Planned;
use shaketable_sim::id::{NodeId, RequestId};
use shaketable_sim::node::{Cluster, Ctx, Electorate, Message, Node, Observation, Op, Recovered};
use shaketable_sim::param::Value;
use shaketable_sim::plan::{Heal, Plan};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Run, Verdict};
use shaketable_sim::spec::Objects;
use shaketable_sim::spec::counter::Counter;
use shaketable_sim::time::{Instant, Span};
use shaketable_sim::world;

/// Everybody serves. Who is a member is told at boot, and forgotten with the disk.
#[derive(Clone)]
struct Club {
    says: Says,
    objects: Objects<Counter>,
}

/// What a node knows: how many entries are decided, how many of them it has applied, and who the members are.
#[derive(Clone)]
struct Says {
    commit: u64,
    applied: u64,
    electorates: Vec<Electorate>,
}

#[derive(Clone, Debug, Hash, Serialize)]
enum NoMessage {}

impl Message for NoMessage {
    fn kind(&self) -> &'static str {
        match *self {}
    }
}

impl Node for Club {
    type Config = Vec<Says>;
    type Msg = NoMessage;
    type Timer = ();
    type Record = ();
    type Service = Counter;
    type Invariants = NoInvariants;

    fn boot(says: &Vec<Says>, disk: Recovered<()>, ctx: &mut Ctx<'_, Self>) -> Self {
        let mut says = says[ctx.me().index()].clone();
        if disk.first_boot {
            ctx.write(()); // It stands for all that the node knows.
            ctx.after_sync(|_| {});
        } else if disk.records.is_empty() {
            says.electorates.clear();
        }
        Club { says, objects: Objects::default() }
    }

    fn on_message(&mut self, _: NodeId, msg: NoMessage, _: &mut Ctx<'_, Self>) {
        match msg {}
    }

    fn on_request(&mut self, id: RequestId, op: Op<Self>, ctx: &mut Ctx<'_, Self>) {
        let ret = self.objects.apply(&op);
        ctx.reply(id, ret);
    }

    fn on_timer(&mut self, (): (), _: &mut Ctx<'_, Self>) {}

    fn observe(&self) -> Observation {
        Observation { commit: self.says.commit, applied: self.says.applied, ..Observation::default() }
    }

    fn electorates(&self, cluster: Cluster) -> Vec<Electorate> {
        if self.says.commit < cluster.decided { Vec::new() } else { self.says.electorates.clone() }
    }
}

fn set(numbers: &[usize]) -> BTreeSet<NodeId> {
    numbers.iter().map(|number| NodeId::at(number - 1)).collect()
}

fn majority(numbers: &[usize]) -> Electorate {
    Electorate::majority(set(numbers))
}

/// Five nodes that have all ten entries, and say this.
fn all_say(electorates: &[&[usize]]) -> Vec<Says> {
    let electorates = electorates.iter().map(|numbers| majority(numbers)).collect();
    vec![Says { commit: 10, applied: 10, electorates }; 5]
}

/// These faults strike half a second before the heal, one after the other.
fn run(says: &Vec<Says>, faults: &[(&str, &str, bool)]) -> Run<Counter> {
    let fault = |(index, (kind, node, permanent)): (usize, &(&str, &str, bool))| {
        let params = [("node", target(node)), ("max-down", Value::Choice("any"))];
        let at = Span::millis(500 + 10 * index as u64);
        Planned { permanent: *permanent, ..fault(kind, &params, at, None) }
    };
    let faults = faults.iter().enumerate().map(fault).collect();
    let heal = Some(Heal { at: Instant::ZERO + Span::secs(1), within: Span::millis(900) });
    let plan = Plan { nodes: 5, heal, faults, ..calm() };
    world::run::<Club>(&plan, says, &adding, Seed(1), None)
}

/// How many nodes started again, in a run in which everything is as it should be.
fn restarts(says: &Vec<Says>, faults: &[(&str, &str, bool)]) -> u64 {
    let run = run(says, faults);
    assert_eq!(run.verdict, Verdict::Pass);
    run.coverage.restarts
}

const N3_N4_N5: [(&str, &str, bool); 3] = [("crash", "n3", true), ("crash", "n4", true), ("crash", "n5", true)];

#[test]
fn permanent_faults_stay_while_the_members_have_a_quorum() {
    assert_eq!(restarts(&all_say(&[&[1, 2, 3, 4, 5]]), &N3_N4_N5), 1, "two of five are no quorum");
    assert_eq!(restarts(&all_say(&[&[1, 2, 3]]), &N3_N4_N5), 0, "two of three are one");
    assert_eq!(restarts(&all_say(&[&[3, 4, 5]]), &N3_N4_N5), 2, "the latest two are undone");
}

#[test]
fn every_electorate_needs_a_quorum() {
    assert_eq!(restarts(&all_say(&[&[1, 2, 3], &[1, 4, 5]]), &N3_N4_N5), 1, "the latest is undone");
}

#[test]
fn a_quorum_is_as_large_as_its_electorate_says() {
    for (quorum, undone) in [(1, 0), (2, 0), (3, 1), (4, 2), (5, 3)] {
        let mut says = all_say(&[]);
        let electorate = Electorate { members: set(&[1, 2, 3, 4, 5]), quorum };
        says.iter_mut().for_each(|said| said.electorates = vec![electorate.clone()]);
        assert_eq!(restarts(&says, &N3_N4_N5), undone, "{quorum} of five");
    }
}

#[test]
fn who_lags_behind_what_is_decided_has_no_say() {
    let mut says = all_say(&[&[1, 2, 3]]);
    says[1] = Says { commit: 9, applied: 10, electorates: vec![majority(&[3, 4, 5])] };
    assert_eq!(restarts(&says, &N3_N4_N5), 0);
    says[1].commit = 10;
    assert_eq!(restarts(&says, &N3_N4_N5), 2, "up to date, it has");
}

#[test]
fn who_is_down_when_the_trouble_ends_still_has_a_say() {
    let mut says = all_say(&[&[1, 2, 3]]);
    says[0].electorates = vec![majority(&[4])];
    let faults = [("crash", "n1", false), ("crash", "n4", true)];
    assert_eq!(restarts(&says, &faults), 2, "n1 comes back, and since it may rely on n4, so does that");
    let lost = [("wipe", "n1", false), ("crash", "n4", true)];
    assert_eq!(restarts(&says, &lost), 1, "with its disk, what n1 knew is gone");
}

#[test]
fn if_nobody_has_a_say_all_nodes_may_be_members() {
    let mut says = all_say(&[]);
    assert_eq!(restarts(&says, &N3_N4_N5), 1);
    says[4].electorates = vec![majority(&[1, 2])];
    assert_eq!(restarts(&says, &N3_N4_N5), 0);
}

#[test]
fn only_members_must_catch_up() {
    let mut says = all_say(&[&[1, 2, 3]]);
    says[4].applied = 9;
    assert_eq!(run(&says, &[]).verdict, Verdict::Pass, "n5 is outside");
    let saying = |electorates: &[&[usize]]| -> Vec<Says> {
        let electorates: Vec<Electorate> = electorates.iter().map(|numbers| majority(numbers)).collect();
        says.iter().map(|said| Says { electorates: electorates.clone(), ..said.clone() }).collect()
    };
    assert_eq!(run(&saying(&[&[1, 2, 3], &[1, 4, 5]]), &[]).verdict, Verdict::Pass, "n5 is not yet inside for sure");
    let Verdict::Violation(violation) = run(&saying(&[&[1, 2, 3, 4, 5]]), &[]).verdict else {
        panic!("n5 lags, and nobody minds")
    };
    assert_eq!(violation.signature(), "liveness/catch-up");
    assert!(violation.story.iter().any(|line| line.starts_with("n5 has applied 9 of the 10 entries")));
}

#[test]
fn only_the_disks_of_members_can_exceed_the_assumption() {
    let wiped = [("wipe", "n3", false), ("wipe", "n4", false), ("wipe", "n5", false)];
    assert_eq!(run(&all_say(&[&[1, 2, 3]]), &wiped).verdict, Verdict::Pass);
    let Verdict::AssumptionExceeded(proof) = run(&all_say(&[&[1, 3, 4]]), &wiped).verdict else {
        panic!("one of three members is no quorum")
    };
    assert!(proof.starts_with("n3, n4 ") && proof.ends_with("members (n1, n3, n4) are no quorum"), "{proof}");
}
