//! A cluster in which nothing happens by itself: each timer, message and sync waits for the script.
//!
//! What happens is told line by line. Timers that are set and cleared are not told: they would drown the rest.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;

use shaketable_sim::check::invariant::{Breach, Invariants, Now};
use shaketable_sim::id::{NodeId, RequestId};
use shaketable_sim::node::{Ctx, DiskError, Effect, EffectOf, Message};
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::any::{Op, Ret};
use shaketable_sim::time::{Instant, Span};

use crate::clients::Clients;
use crate::disk::Disk;
use crate::links::{Link, Links};
use crate::script::{Crash, Pick, Timer};
use crate::spoken::{Setup, Spoken, sent, told};

/// How many rounds of deliveries `deliver all` gives: far more than any script needs.
const MOST_ROUNDS: usize = 1_000;

/// All nodes, all that is under way between them, and what has happened.
pub(crate) struct Cluster<N: Spoken> {
    setup: Setup<N>,
    now: Instant,
    servers: Vec<Server<N>>,
    links: Links<N::Msg>,
    auto_sync: bool,
    invariants: N::Invariants,
    clients: Clients,
    told: Vec<String>,
    broken: Option<String>,
}

struct Server<N: Spoken> {
    /// None if it is down.
    node: Option<N>,
    rng: Stream,
    /// How much its clock has run ahead of the others.
    ahead: Span,
    life: u32,
    disk: Disk<N::Record, EffectOf<N>>,
    timers: BTreeSet<N::Timer>,
    /// What it has sent to itself.
    own: VecDeque<N::Msg>,
    armed: Option<Crash>,
    /// Its state when it was last told.
    shown: String,
}

impl<N: Spoken> Cluster<N> {
    /// Of nodes that are down, with what is on their disks: nothing, if these records say nothing of them.
    pub(crate) fn new(setup: Setup<N>, nodes: usize, mut disks: BTreeMap<NodeId, Vec<N::Record>>) -> Cluster<N> {
        let server = |id| Server {
            node: None,
            rng: stream(id, 0),
            ahead: Span::ZERO,
            life: 0,
            disk: disks.remove(&id).map_or_else(Disk::new, Disk::of),
            timers: BTreeSet::new(),
            own: VecDeque::new(),
            armed: None,
            shown: String::new(),
        };
        Cluster {
            setup,
            now: Instant::ZERO + Span::secs(3_600),
            servers: NodeId::all(nodes).map(server).collect(),
            links: Links::new(),
            auto_sync: false,
            invariants: N::Invariants::new(nodes),
            clients: Clients::default(),
            told: Vec::new(),
            broken: None,
        }
    }

    /// What has been told since this was last asked.
    pub(crate) fn take_told(&mut self) -> Vec<String> {
        mem::take(&mut self.told)
    }

    /// The property that does not hold: by the name of the check that has found it, as in the tables of planted bugs.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    pub(crate) fn set_auto_sync(&mut self, on: bool) {
        self.auto_sync = on;
    }

    pub(crate) fn wait(&mut self, span: Span) {
        self.now += span;
    }

    pub(crate) fn gain(&mut self, id: NodeId, span: Span) -> Result<(), String> {
        let server = self.server(id)?;
        server.ahead = server.ahead + span;
        Ok(())
    }

    pub(crate) fn boot(&mut self, id: NodeId) -> Result<(), String> {
        let (now, nodes) = (self.now, self.servers.len());
        let server = self.server(id)?;
        if server.node.is_some() {
            return Err(format!("{id} is up"));
        }
        let first = server.life == 0;
        server.life += 1;
        server.rng = stream(id, server.life);
        let disk = server.disk.recover();
        let now = now + server.ahead;
        let mut effects = Vec::new();
        let node = N::boot(
            &self.setup.config,
            disk,
            &mut Ctx::new(id, nodes, now, &mut self.servers[id.index()].rng, &mut effects),
        );
        self.servers[id.index()].node = Some(node);
        let auto_sync = self.auto_sync;
        self.auto_sync |= first;
        if let Some(tamper) = self.setup.tamper {
            tamper.tamper(&mut effects);
        }
        let done = self.done(id, effects);
        self.auto_sync = auto_sync;
        done
    }

    /// Lets a node that is up handle something, and then what it has sent to itself.
    ///
    /// # Errors
    /// It is down, or there is no such node.
    pub(crate) fn handle(&mut self, id: NodeId, handler: impl FnOnce(&mut N, &mut Ctx<'_, N>)) -> Result<(), String> {
        let (now, nodes, tamper) = (self.now, self.servers.len(), self.setup.tamper);
        let server = self.server(id)?;
        let Some(node) = &mut server.node else { return Err(format!("{id} is down")) };
        let was = node.observe();
        let mut effects = Vec::new();
        handler(node, &mut Ctx::new(id, nodes, now + server.ahead, &mut server.rng, &mut effects));
        if let Some(tamper) = tamper {
            tamper.tamper(&mut effects);
            tamper.meddle(was, node, &mut effects);
        }
        self.done(id, effects)
    }

    pub(crate) fn timer(&mut self, id: NodeId, timer: &Timer) -> Result<(), String> {
        let name = match timer {
            Timer::Timeout => "Election",
            Timer::Tick => "Heartbeat",
            Timer::Named(name) => name,
        };
        let server = self.server(id)?;
        if server.node.is_none() {
            return Err(format!("{id} is down"));
        }
        let named = |timer: &&N::Timer| {
            let whole = format!("{timer:?}");
            whole == name || whole.strip_prefix(name).is_some_and(|rest| rest.starts_with('('))
        };
        let Some(&timer) = server.timers.iter().find(named) else {
            return Err(format!("{id} has no timer {name} set; it has {:?}", server.timers));
        };
        server.timers.remove(&timer);
        self.handle(id, |node, ctx| node.on_timer(timer, ctx))
    }

    pub(crate) fn request(&mut self, id: NodeId, request: RequestId, op: Op) -> Result<(), String> {
        self.handle(id, |node, ctx| node.on_request(request, op, ctx))
    }

    pub(crate) fn clients(&mut self) -> (&mut Clients, Instant) {
        (&mut self.clients, self.now)
    }

    pub(crate) fn deliver(&mut self, link: Link, pick: &Pick) -> Result<(), String> {
        let messages = self.links.take(link, pick)?;
        messages.into_iter().try_for_each(|msg| self.arrive(link, msg))
    }

    /// Delivers until nothing is under way between these nodes, or all if none are named, but for what is held: one message of each link, and again.
    pub(crate) fn deliver_all(&mut self, among: &[NodeId]) -> Result<(), String> {
        for _ in 0..MOST_ROUNDS {
            let ready = self.links.ready(among);
            if ready.is_empty() {
                return Ok(());
            }
            for link in ready {
                if self.broken.is_some() {
                    return Ok(());
                }
                self.deliver(link, &Pick::Oldest)?;
            }
        }
        Err("it never becomes quiet".to_owned())
    }

    pub(crate) fn lose(&mut self, link: Link, pick: &Pick) -> Result<(), String> {
        let lost = self.links.take(link, pick)?;
        self.told.extend(lost.iter().map(|msg| format!("{}, lost", sent::<N>(link, msg))));
        Ok(())
    }

    /// Loses all that is under way between these nodes, or all if none are named.
    pub(crate) fn lose_all(&mut self, among: &[NodeId]) -> Result<(), String> {
        self.links.busy(among).into_iter().try_for_each(|link| self.lose(link, &Pick::All))
    }

    /// What is under way, for what the script does to it without anything being told.
    pub(crate) fn links(&mut self) -> &mut Links<N::Msg> {
        &mut self.links
    }

    pub(crate) fn crash(&mut self, id: NodeId, crash: Crash) -> Result<(), String> {
        let server = self.server(id)?;
        if server.node.is_none() {
            return Err(format!("{id} is down"));
        }
        if crash.after.is_some() {
            server.armed = Some(crash);
            return Ok(());
        }
        server.disk.crash(crash.keep, crash.torn)?;
        self.down(id);
        Ok(())
    }

    pub(crate) fn wipe(&mut self, id: NodeId) -> Result<(), String> {
        self.disk_at_rest(id)?.wipe();
        Ok(())
    }

    pub(crate) fn rot(&mut self, id: NodeId, record: usize) -> Result<(), String> {
        self.disk_at_rest(id)?.rot(record)
    }

    /// The disk of a node that is down: what happens to it shows only at boot.
    fn disk_at_rest(&mut self, id: NodeId) -> Result<&mut Disk<N::Record, EffectOf<N>>, String> {
        let server = self.server(id)?;
        match server.node {
            Some(_) => Err(format!("{id} is up: a disk is lost or damaged while its node is down")),
            None => Ok(&mut server.disk),
        }
    }

    pub(crate) fn sync(&mut self, id: NodeId, pick: &Pick) -> Result<(), String> {
        let mut effects = self.synced(id)?;
        while let Some(released) = effects {
            self.done(id, released)?;
            effects = if matches!(pick, Pick::All) { self.server(id)?.disk.synced() } else { None };
        }
        Ok(())
    }

    pub(crate) fn fail_sync(&mut self, id: NodeId) -> Result<(), String> {
        if !self.server(id)?.disk.fail_sync() {
            return Err(format!("{id} waits for no sync"));
        }
        self.handle(id, |node, ctx| node.on_disk_error(DiskError::SyncFailed, ctx))
    }

    pub(crate) fn show(&mut self) {
        for id in NodeId::all(self.servers.len()) {
            let server = &self.servers[id.index()];
            self.told.push(format!("{id} {}", server.node.as_ref().map_or("down".to_owned(), N::state)));
        }
        for (link, msg, held) in self.links.iter() {
            let held = if held { " (held)" } else { "" };
            self.told.push(format!("under way: {}{held}", sent::<N>(link, msg)));
        }
    }

    fn synced(&mut self, id: NodeId) -> Result<Option<Vec<EffectOf<N>>>, String> {
        match self.server(id)?.disk.synced() {
            Some(released) => Ok(Some(released)),
            None => Err(format!("{id} waits for no sync")),
        }
    }

    /// Carries out what a handler has asked for or a sync has released, looks at the node, and lets it hear itself.
    fn done(&mut self, id: NodeId, effects: Vec<EffectOf<N>>) -> Result<(), String> {
        self.carry_out(id, effects)?;
        self.look(id);
        while self.broken.is_none()
            && let Some(msg) = self.servers[id.index()].own.pop_front()
        {
            self.arrive((id, id), msg)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, id: NodeId, effects: Vec<EffectOf<N>>) -> Result<(), String> {
        let mut effects = effects.into_iter();
        while let Some(effect) = effects.next() {
            if !matches!(effect, Effect::Reached(_)) && self.crash_is_due(id)? {
                return Ok(());
            }
            self.told.extend(told::<N>(id, &effect));
            let server = &mut self.servers[id.index()];
            match effect {
                Effect::Send { to, msg } if to == id => server.own.push_back(msg),
                Effect::Send { to, msg } => self.links.send((id, to), msg),
                Effect::Reply { to, ret } => self.answered(to, ret),
                Effect::SetTimer { timer, .. } => drop(server.timers.insert(timer)),
                Effect::CancelTimer { timer } => drop(server.timers.remove(&timer)),
                Effect::Write(record) => server.disk.append(record),
                Effect::Compact(records) => server.disk.replace(records),
                Effect::Sync { .. } if server.disk.is_clean() => {}
                Effect::Sync { .. } if self.auto_sync => server.disk.settle_all(),
                Effect::Sync { held } => {
                    let held: Vec<_> = effects.by_ref().take(held as usize).collect();
                    self.told.push(format!("{id} syncs{}", if held.is_empty() { "" } else { ", and then:" }));
                    self.told
                        .extend(held.iter().filter_map(|effect| told::<N>(id, effect)).map(|line| format!("  {line}")));
                    server.disk.sync(held);
                }
                Effect::Reject { .. } | Effect::Note(_) | Effect::Reached(_) => {}
                Effect::Halt(_) => {
                    server.disk.stop();
                    self.down(id);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn answered(&mut self, id: RequestId, ret: Ret) {
        let wrong = self.clients.answered(id, ret, self.now, N::LINEARIZABLE);
        if let Some(story) = wrong {
            self.told.push("BROKEN linearizability".to_owned());
            self.told.extend(story.into_iter().map(|line| format!("  {line}")));
            self.broken.get_or_insert("linearizability".to_owned());
        }
    }

    /// Tells what has become of a node that has acted, and whether that is allowed.
    fn look(&mut self, id: NodeId) {
        let server = &mut self.servers[id.index()];
        let Some(node) = &server.node else { return };
        let state = node.state();
        if server.shown != state {
            self.told.push(format!("{id} is {state}"));
            server.shown = state;
        }
        if self.broken.is_none() {
            self.invariants.at(Now { at: self.now, ..Now::default() });
            let kept = self.invariants.after_event(id, node);
            self.judge(kept);
        }
    }

    /// All is healed: whether what must hold then does.
    pub(crate) fn quiet(&mut self) {
        let nodes: Vec<Option<&N>> = self.servers.iter().map(|server| server.node.as_ref()).collect();
        self.invariants.at(Now { at: self.now, ..Now::default() });
        let kept = self.invariants.after_heal(&nodes, self.clients.history());
        self.judge(kept);
    }

    fn judge(&mut self, kept: Result<(), Box<Breach>>) {
        if let Err(breach) = kept {
            self.told.push(format!("BROKEN {}: {}", breach.property, breach.story));
            self.broken = Some(format!("invariant/{}", breach.property));
        }
    }

    fn crash_is_due(&mut self, id: NodeId) -> Result<bool, String> {
        let server = &mut self.servers[id.index()];
        match &mut server.armed {
            None => Ok(false),
            Some(Crash { after: Some(left @ 1..), .. }) => {
                *left -= 1;
                Ok(false)
            }
            Some(Crash { keep, torn, .. }) => {
                server.disk.crash(*keep, *torn)?;
                self.down(id);
                Ok(true)
            }
        }
    }

    /// The process of a node ends.
    fn down(&mut self, id: NodeId) {
        let server = &mut self.servers[id.index()];
        (server.node, server.armed) = (None, None);
        server.timers.clear();
        server.own.clear();
        server.shown.clear();
        self.invariants.at(Now { at: self.now, ..Now::default() });
        self.invariants.after_crash(id);
        self.told.push(format!("{id} is down"));
    }

    fn arrive(&mut self, (from, to): Link, msg: N::Msg) -> Result<(), String> {
        if self.server(to)?.node.is_none() {
            self.told.push(format!("{}, lost: {to} is down", sent::<N>((from, to), &msg)));
            return Ok(());
        }
        let text = format!("{to} hears {} from {from}: {}", msg.kind(), N::message(&msg));
        self.told.push(text.trim_end_matches(": ").to_owned());
        self.handle(to, |node, ctx| node.on_message(from, msg, ctx))
    }

    fn server(&mut self, id: NodeId) -> Result<&mut Server<N>, String> {
        self.servers.get_mut(id.index()).ok_or(format!("there is no {id}"))
    }
}

fn stream(id: NodeId, life: u32) -> Stream {
    Seed(1).stream(format_args!("node {id} life {life}"))
}
