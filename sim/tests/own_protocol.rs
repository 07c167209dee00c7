//! A protocol of one's own, tested with `cargo test`: a primary that copies to its backups, and where it is wrong.
//!
//! This file is a template: the node, the workload, and a test of some lines.

use serde::Serialize;
use shaketable_sim::check::invariant::NoInvariants;
use shaketable_sim::faults::Planned;
use shaketable_sim::id::{Key, NodeId, OpId, RequestId};
use shaketable_sim::node::{Ctx, Message, Node, Observation, Op, Recovered, Role, Stored};
use shaketable_sim::plan::Plan;
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::run::Verdict;
use shaketable_sim::spec::register::{Action, Op as RegisterOp, Register, Ret};
use shaketable_sim::spec::{Objects, Spec};
use shaketable_sim::time::Span;
use shaketable_sim::world;

/// Who answers reads.
#[derive(Clone, Copy)]
enum Reads {
    /// The primary alone.
    AtPrimary,
    /// Whoever is asked: fast, and sometimes wrong.
    Anywhere,
}

/// The first node is the primary. It makes each write durable, answers, and copies it to the backups.
#[derive(Clone)]
struct Copying {
    me: NodeId,
    reads: Reads,
    objects: Objects<Register>,
}

#[derive(Clone, Debug, Hash, Serialize)]
struct Copy(RegisterOp);

impl Message for Copy {
    fn kind(&self) -> &'static str {
        "Copy"
    }
}

const PRIMARY: NodeId = NodeId::at(0);

impl Node for Copying {
    type Config = Reads;
    type Msg = Copy;
    type Timer = ();
    type Record = RegisterOp;
    type Service = Register;
    type Invariants = NoInvariants;

    fn boot(reads: &Reads, disk: Recovered<RegisterOp>, ctx: &mut Ctx<'_, Self>) -> Self {
        let mut objects = Objects::default();
        for record in disk.records {
            if let Stored::Intact(op) = record {
                objects.apply(&op);
            }
        }
        Copying { me: ctx.me(), reads: *reads, objects }
    }

    fn on_message(&mut self, _: NodeId, Copy(op): Copy, _: &mut Ctx<'_, Self>) {
        self.objects.apply(&op);
    }

    fn on_request(&mut self, id: RequestId, op: Op<Self>, ctx: &mut Ctx<'_, Self>) {
        let mine = self.me == PRIMARY || (Register::is_read(&op) && matches!(self.reads, Reads::Anywhere));
        if !mine {
            return ctx.reject(id, Some(PRIMARY));
        }
        // A write that is tried again after a crash may happen twice; a real protocol would remember `id.op`.
        let ret = self.objects.apply(&op);
        if !Register::is_read(&op) {
            ctx.write(op.clone());
        }
        ctx.after_sync(|ctx| {
            ctx.reply(id, ret);
            if !Register::is_read(&op) {
                ctx.peers().for_each(|peer| ctx.send(peer, Copy(op.clone())));
            }
        });
    }

    fn on_timer(&mut self, (): (), _: &mut Ctx<'_, Self>) {}

    fn observe(&self) -> Observation {
        let role = if self.me == PRIMARY { Role::Leader } else { Role::Follower };
        Observation { role, leader: Some(PRIMARY), ..Observation::default() }
    }
}

/// Half reads, half writes of unique values.
fn half_reads(id: OpId, _: Option<&(RegisterOp, Ret)>, rng: &mut Stream) -> RegisterOp {
    let value = id.client.index() as u64 * 1_000_000 + u64::from(id.seq);
    let action = if rng.below(2) == 0 { Action::Read } else { Action::Write(value) };
    RegisterOp { key: Key::at(0), action }
}

/// Runs some seeds with crashes and lost messages, and returns the verdicts.
fn shake(reads: Reads) -> Vec<Verdict> {
    let mut plan = Plan::calm(3, Span::secs(10));
    plan.faults = vec![
        Planned::new("crash", &[("node", "random")])
            .expect("a fault")
            .every(Span::millis(500), Span::secs(2))
            .lasting(Span::millis(50), Span::millis(500)),
        Planned::new("loss", &[("odds", "20%")]).expect("a fault").at(Span::secs(3)),
    ];
    (0..20).map(|seed| world::run::<Copying>(&plan, &reads, &half_reads, Seed(seed), None).verdict).collect()
}

#[test]
fn reads_at_the_primary_are_linearizable() {
    assert_eq!(shake(Reads::AtPrimary), vec![Verdict::Pass; 20]);
}

#[test]
fn reads_anywhere_are_not() {
    let found = shake(Reads::Anywhere).into_iter().find_map(|verdict| match verdict {
        Verdict::Violation(violation) => Some(violation),
        _ => None,
    });
    let violation = found.expect("a backup must have answered from the past");
    assert_eq!(violation.signature(), "linearizability/read");
    assert!(violation.story[0].contains("cannot be placed"), "{:?}", violation.story);
}
