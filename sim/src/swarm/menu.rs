//! The kinds of trouble that a swarm draws from, with their weights. Each takes part in a run by itself.

use super::{Tolerance, Which, fault};
use crate::faults::trigger::{Occasion, Phase, State, Trigger};
use crate::faults::{Planned, Start};
use crate::node::Role;
use crate::param::Value;
use crate::plan::Plan;
use crate::rng::{Delay, Stream};
use crate::time::{Instant, Ppm, Span};

/// Draws one kind of trouble.
type Draw = fn(&mut Menu<'_>);

/// All kinds, each with how many percent of the seeds have it.
const MENU: &[(u64, Draw)] = &[
    (75, partition),
    (45, crash),
    (35, crash_point),
    (45, untimely_messages),
    (15, pause),
    (20, hold),
    (12, rough_links),
    (15, slow_disk),
    (10, disk_error),
    (12, lost_disk),
    (20, clocks),
    (60, commands),
    (8, permanent),
];

/// All nodes have booted, so that any of them can be named.
const BOOTED: Span = Span::nanos(1);

/// What is drawn for one run.
struct Menu<'a> {
    tolerance: &'a Tolerance,
    allowed: &'a Which,
    /// While trouble is allowed.
    window: Span,
    rng: &'a mut Stream,
    drawn: Vec<Planned>,
}

/// The faults of one run.
pub(super) fn faults(plan: &Plan, tolerance: &Tolerance, allowed: &Which, rng: &mut Stream) -> Vec<Planned> {
    let window = plan.heal.map_or(plan.duration, |heal| heal.at.since(Instant::ZERO));
    let mut menu = Menu { tolerance, allowed, window, rng, drawn: Vec::new() };
    for (percent, draw) in MENU {
        if menu.rng.below(100) < *percent {
            draw(&mut menu);
        }
    }
    menu.drawn
}

fn partition(menu: &mut Menu<'_>) {
    let (kind, params) = match menu.rng.weighted(&[22, 22, 22, 22, 12]) {
        0 => ("isolate", vec![("node", menu.leader_or("random"))]),
        1 => ("isolate", vec![("node", "random".to_owned()), ("clients", (menu.rng.below(4) == 0).to_string())]),
        2 => ("partition", Vec::new()),
        3 => {
            let from = menu.leader_or("random");
            ("cut", vec![("from", from), ("to", menu.one_or_some()), ("both", (menu.rng.below(2) == 0).to_string())])
        }
        _ => {
            let direction = ["in", "out"][menu.rng.below(2) as usize].to_owned();
            ("isolate", vec![("node", menu.leader_or("random")), ("direction", direction)])
        }
    };
    menu.add(kind, &params);
}

fn crash(menu: &mut Menu<'_>) {
    match menu.rng.weighted(&[45, 45, 10]) {
        0 => menu.add("crash", &[("node", "random".to_owned())]),
        1 => {
            let node = menu.leader_or("random");
            menu.add("crash", &[("node", node)]);
        }
        _ => menu.add("crash", &[("node", "all".to_owned()), ("max-down", "any".to_owned())]),
    }
}

/// A crash between two effects of a handler: after a write, before the send.
fn crash_point(menu: &mut Menu<'_>) {
    let node = menu.leader_or("random");
    let disk = ["random", "lose-unsynced"][menu.rng.below(2) as usize].to_owned();
    if let Some(mut fault) = menu.fault("crash", &[("node", node), ("disk", disk)]) {
        let most = [3, 12, 60][menu.rng.below(3) as usize];
        fault.args.set("after-effects", Value::Counts(0, most));
        menu.push(fault);
    }
}

/// Single messages that are one to three times as late as anybody waits for, or come again then, or are lost.
fn untimely_messages(menu: &mut Menu<'_>) {
    if menu.tolerance.under_way.is_some() {
        return;
    }
    let (patience, long) = (menu.tolerance.patience, menu.tolerance.patience.times(3));
    for _ in 0..menu.rng.between(1, 4) {
        let Some(&message) = menu.rng.pick(menu.tolerance.messages) else { return };
        let nth = menu.early_or_late();
        let only = ("message", message.to_owned());
        if menu.rng.below(3) == 0 {
            // The so-manieth on each link to some node comes again.
            let params = [("from", "all".to_owned()), ("to", "random".to_owned()), only, ("odds", "100%".to_owned())];
            if let Some(mut again) = menu.fault("duplicate", &params) {
                again.args.set("later", Value::Delay(Delay::Uniform(patience, long)));
                again.args.set("nth", Value::Count(nth));
                menu.drawn.push(again.at(BOOTED));
            }
            continue;
        }
        // The so-manieth of all waits on its way, or is cut off.
        let kind = ["hold", "hold", "cut"][menu.rng.below(3) as usize];
        let params = [("from", "sender".to_owned()), ("to", "it".to_owned()), only];
        if let Some(late) = menu.fault(kind, &params) {
            let (kind, epoch, phase) = (message.to_owned(), None, Phase::Sent);
            let occasion = Some(Occasion::Message { kind, nth, epoch, from: None, to: None, phase });
            menu.drawn.push(late.when(Trigger { occasion, ..Trigger::default() }).lasting(patience, long));
        }
    }
}

fn pause(menu: &mut Menu<'_>) {
    if menu.tolerance.under_way.is_none() {
        let node = menu.leader_or("random");
        menu.add("pause", &[("node", node)]);
    }
}

fn hold(menu: &mut Menu<'_>) {
    if menu.tolerance.under_way.is_some() {
        return;
    }
    let mut params = vec![("from", menu.leader_or("random")), ("to", menu.one_or_some())];
    if let (0..2, Some(message)) = (menu.rng.below(3), menu.rng.pick(menu.tolerance.messages)) {
        params.push(("message", (*message).to_owned()));
    }
    menu.add("hold", &params);
}

fn rough_links(menu: &mut Menu<'_>) {
    let odds = ("odds", format!("{}%", menu.rng.between(5, 60)));
    match menu.rng.below(4) {
        0 => menu.add("loss", &[odds, ("from", "all".to_owned()), ("to", "clients".to_owned())]),
        1 => menu.add("loss", &[odds]),
        2 if menu.tolerance.under_way.is_none() => menu.add("reorder", &[odds]),
        _ => menu.add("duplicate", &[odds]),
    }
}

fn slow_disk(menu: &mut Menu<'_>) {
    let node = menu.leader_or("random");
    let by = Delay::Uniform(Span::millis(1), menu.tolerance.patience);
    if let Some(mut fault) = menu.fault("slow-disk", &[("node", node), ("by", "0s".to_owned())]) {
        fault.args.set("by", Value::Delay(by));
        menu.push(fault);
    }
}

fn disk_error(menu: &mut Menu<'_>) {
    let kind = ["fail-sync", "full-disk"][menu.rng.below(2) as usize];
    let node = menu.leader_or("random");
    menu.add(kind, &[("node", node)]);
}

/// So few disks that the protocol claims to bear it, once each.
fn lost_disk(menu: &mut Menu<'_>) {
    if menu.tolerance.disks == 0 {
        return;
    }
    let kind = ["wipe", "rot"][menu.rng.below(2) as usize];
    let times = menu.rng.between(1, menu.tolerance.disks as u64) as u32;
    if let Some(fault) = menu.fault(kind, &[("node", "random".to_owned())]) {
        let fault = menu.timed(fault);
        menu.drawn.push(Planned { times: fault.times.min(times), ..fault });
    }
}

fn clocks(menu: &mut Menu<'_>) {
    if menu.rng.below(2) == 0 && menu.tolerance.jumps {
        if let Some(mut fault) = menu.fault("clock-jump", &[("node", "random".to_owned()), ("by", "0s".to_owned())]) {
            let most = [100_000_000, 3_000_000_000][menu.rng.below(2) as usize];
            fault.args.set("by", Value::Shifts(-most, most));
            menu.push(fault);
        }
    } else if menu.tolerance.drift > Ppm::ZERO {
        let most = menu.tolerance.drift;
        let by = Ppm::new(menu.rng.between(1, u64::from(most.parts())) as u32);
        if let Some(mut fault) = menu.fault("clock-drift", &[("node", "random".to_owned()), ("by", "1%".to_owned())]) {
            fault.args.set("by", Value::Odds(by));
            menu.push(fault);
        }
    }
}

fn commands(menu: &mut Menu<'_>) {
    for &command in menu.tolerance.commands {
        if menu.rng.below(2) == 0 {
            continue;
        }
        let node = menu.leader_or("random");
        match command {
            "transfer" => menu.add(command, &[("node", node), ("to", "random".to_owned())]),
            "reconfigure" => {
                let members = ["some", "majority", "all"][menu.rng.below(3) as usize].to_owned();
                menu.add(command, &[("node", node), ("members", members)]);
            }
            _ => menu.add(command, &[("node", "random".to_owned())]),
        }
    }
}

/// Trouble that the heal does not end, as far as quorums can do without.
fn permanent(menu: &mut Menu<'_>) {
    if !menu.tolerance.for_ever {
        return;
    }
    let kind = ["crash", "isolate"][menu.rng.below(2) as usize];
    let node = menu.leader_or("random");
    if let Some(fault) = menu.fault(kind, &[("node", node)]) {
        let at = menu.some_time();
        menu.drawn.push(Planned { permanent: true, ..fault.at(at) });
    }
}

impl Menu<'_> {
    /// The leader, every other time if there is such a thing.
    fn leader_or(&mut self, other: &str) -> String {
        let leader = self.rng.below(2) == 0 && self.tolerance.leaders;
        if leader { "leader".to_owned() } else { other.to_owned() }
    }

    fn one_or_some(&mut self) -> String {
        ["random", "minority", "some"][self.rng.weighted(&[2, 1, 1])].to_owned()
    }

    fn fault(&self, kind: &str, params: &[(&str, String)]) -> Option<Planned> {
        self.allowed.has(kind).then(|| fault(kind, params))
    }

    fn add(&mut self, kind: &str, params: &[(&str, String)]) {
        if let Some(fault) = self.fault(kind, params) {
            self.push(fault);
        }
    }

    fn push(&mut self, fault: Planned) {
        let fault = self.timed(fault);
        self.drawn.push(fault);
    }

    fn some_time(&mut self) -> Span {
        Span::nanos(self.rng.below(self.window.as_nanos().max(1)))
    }

    /// When a fault strikes, how often and for how long. Few strikes: more undo what each other has brought about.
    fn timed(&mut self, fault: Planned) -> Planned {
        let patience = self.tolerance.patience;
        let (start, times) = match self.rng.weighted(&[3, 4, 4]) {
            0 => (Start::At(Instant::ZERO + self.some_time()), 1),
            1 => (Start::Every(patience, Span::nanos(self.window.as_nanos() / 2).max(patience)), self.few()),
            _ => (self.triggered(), self.few()),
        };
        let lasting = [(4, 1), (1, 3), (3, 10)][self.rng.weighted(&[1, 2, 1])];
        let lasting = match lasting {
            (4, _) => (Span::nanos(patience.as_nanos() / 10), patience),
            (low, high) => (patience.times(low), patience.times(high)),
        };
        let lasting = (!fault.kind.instantaneous).then_some(lasting);
        Planned { start, times, lasting, ..fault }
    }

    /// The how-manieth of something: often one of the first.
    fn early_or_late(&mut self) -> u64 {
        let most = [4, 40][self.rng.below(2) as usize];
        self.rng.between(1, most)
    }

    fn few(&mut self) -> u32 {
        [1, 2, 3, 4, 8][self.rng.weighted(&[6, 4, 3, 2, 1])]
    }

    /// A start that waits for the cluster.
    fn triggered(&mut self) -> Start {
        let patience = self.tolerance.patience;
        let delay = [(Span::ZERO, Span::ZERO), (Span::ZERO, patience)][self.rng.below(2) as usize];
        let state = |state| Trigger { state, occasion: None };
        let choice = self.rng.weighted(&[if self.tolerance.leaders { 6 } else { 0 }, 3, 3, 4]);
        let trigger = match choice {
            0 if self.rng.below(3) == 0 => {
                let epoch = self.rng.between(1, 4);
                let role = [Role::Leader, Role::Candidate][self.rng.below(2) as usize];
                state(State { role: Some(role), epoch_at_least: Some(epoch), ..State::default() })
            }
            0 => state(State { leader_changes: Some(1), ..State::default() }),
            1 => state(State { completed: Some(self.rng.between(1, 30)), ..State::default() }),
            2 if !self.tolerance.milestones.is_empty() => {
                let milestone = self.rng.pick(self.tolerance.milestones).map(|milestone| milestone.name.to_owned());
                Trigger { occasion: milestone.map(Occasion::Milestone), ..Trigger::default() }
            }
            _ => match self.rng.pick(self.tolerance.messages) {
                None => state(State { completed: Some(1), ..State::default() }),
                Some(kind) => {
                    let nth = self.early_or_late();
                    let phase = [Phase::Sent, Phase::Delivered][self.rng.below(2) as usize];
                    let kind = (*kind).to_owned();
                    let occasion = Occasion::Message { kind, nth, epoch: None, from: None, to: None, phase };
                    Trigger { occasion: Some(occasion), ..Trigger::default() }
                }
            },
        };
        Start::When(trigger, delay)
    }
}
