//! Tests: small random runs in which everything happens that can happen in a trace.

use serde_json::{Value, json};
use shaketable_sim::rng::{Seed, Stream};

use super::{Reader, Recording};

/// What is on its way.
#[derive(Clone)]
struct Parcel {
    cause: u64,
    to: String,
    line: Value,
}

struct Cluster {
    stream: Stream,
    at: u64,
    lines: Vec<Value>,
    flight: Vec<Parcel>,
    /// What waits for the end of the fault of this number.
    held: Vec<(u64, Parcel)>,
    /// Faults in force: number, kind, node, and by which event they struck.
    faults: Vec<(u64, &'static str, String, u64)>,
    struck: u64,
    epoch: u64,
    waiting: [Option<u64>; 2],
    asked: u64,
}

/// A run of so many events or a few more.
pub(crate) fn recording(seed: u64, events: usize) -> Recording {
    let mut cluster = Cluster {
        stream: Seed(seed).stream("recording"),
        at: 0,
        lines: Vec::new(),
        flight: Vec::new(),
        held: Vec::new(),
        faults: Vec::new(),
        struck: 0,
        epoch: 1,
        waiting: [None; 2],
        asked: 0,
    };
    for node in ["n1", "n2", "n3"] {
        let now = json!({ "role": "follower", "epoch": 0, "commit": 0 });
        cluster.event(None, json!({ "kind": "boot", "node": node, "life": 1, "records": 0, "now": now }));
    }
    while cluster.lines.len() < events {
        cluster.step();
    }
    cluster.read()
}

impl Cluster {
    fn below(&mut self, bound: u64) -> u64 {
        self.stream.below(bound)
    }

    fn node(&mut self) -> String {
        format!("n{}", 1 + self.below(3))
    }

    fn stopped(&self, node: &str) -> Option<(u64, &'static str)> {
        let stops = |fault: &&(u64, &'static str, String, u64)| fault.2 == node && matches!(fault.1, "crash" | "pause");
        self.faults.iter().find(stops).map(|fault| (fault.0, fault.1))
    }

    fn event(&mut self, cause: Option<u64>, mut line: Value) -> u64 {
        // Some at one instant, some within a microsecond, some apart.
        self.at += [0, 1, 300, 5_000, 2_000_000][self.stream.below(5) as usize];
        let id = 1 + self.lines.len() as u64;
        (line["t"], line["id"]) = (json!(self.at), json!(id));
        if let Some(cause) = cause {
            line["cause"] = json!(cause);
        }
        self.lines.push(line);
        id
    }

    fn step(&mut self) {
        match self.below(8) {
            0 => {
                let node = self.node();
                if self.stopped(&node).is_none() {
                    self.handles(None, json!({ "kind": "timer", "node": node, "timer": "Election(1)" }));
                }
            }
            1 => self.asks(),
            2 => self.trouble(),
            3 if self.below(3) == 0 => self.gives_up(),
            _ if self.flight.is_empty() => {}
            _ => {
                let place = self.below(self.flight.len() as u64) as usize;
                let parcel = self.flight.swap_remove(place);
                self.arrives(parcel);
            }
        }
    }

    /// A node does something.
    fn handles(&mut self, cause: Option<u64>, mut line: Value) {
        let node = line["node"].as_str().unwrap().to_owned();
        let (mut effects, mut sent) = (vec![json!("cancel timer Election")], Vec::new());
        for _ in 0..self.below(3) {
            let (to, body) = (self.node(), self.below(2));
            if to == node {
                continue;
            }
            effects.push(json!({ "send": to, "msg": "Vote", "body": body }));
            let message = json!({ "kind": "message", "node": to, "from": node, "msg": "Vote", "body": body });
            match self.below(6) {
                0 => effects.push(json!("…lost")),
                1 => sent.extend([(to.clone(), message.clone()), (to, message)]),
                _ => sent.push((to, message)),
            }
        }
        if let Some(request) = line.get("request").and_then(Value::as_str).filter(|_| cause.is_some()) {
            let client = request.split('#').next().unwrap().to_owned();
            effects.push(json!(format!("reply {request}: 5")));
            sent.push((client, json!({ "kind": "answer", "request": request, "ret": "5" })));
        }
        line["effects"] = json!(effects);
        if self.below(3) == 0 {
            self.epoch += self.below(2);
            let role = ["follower", "leader"][self.below(2) as usize];
            line["now"] = json!({ "role": role, "epoch": self.epoch, "commit": self.below(9) });
        }
        let cause = self.event(cause, line);
        self.flight.extend(sent.into_iter().map(|(to, line)| Parcel { cause, to, line }));
    }

    fn asks(&mut self) {
        let client = self.below(2) as usize;
        if self.waiting[client].is_some() {
            return;
        }
        self.asked += 1;
        self.waiting[client] = Some(self.asked);
        let (name, id, to) = (format!("c{}", client + 1), format!("c{}#{}", client + 1, self.asked), self.node());
        let line = json!({ "kind": "ask", "client": name, "operation": id, "op": "get k", "effects": [{ "request": to, "id": id, "op": "get k" }] });
        let cause = self.event(None, line);
        let request = |id: &str| json!({ "kind": "request", "node": to, "request": id, "op": "get k" });
        self.flight.push(Parcel { cause, to: to.clone(), line: request(&id) });
        if self.below(3) == 0 {
            // Another attempt, which is no event.
            self.flight.push(Parcel { cause: 0, to: to.clone(), line: request(&format!("{id}.2")) });
        }
    }

    fn gives_up(&mut self) {
        let client = self.below(2) as usize;
        if let Some(number) = self.waiting[client].take() {
            let fate = ["failed", "unknown"][self.below(2) as usize];
            self.event(
                None,
                json!({ "kind": "give-up", "gave-up": format!("c{}#{number}", client + 1), "fate": fate }),
            );
        }
    }

    fn arrives(&mut self, parcel: Parcel) {
        let cut = self.faults.iter().find(|fault| fault.1 == "hold" && fault.2 == parcel.to).map(|fault| fault.0);
        let from = ["from", "client"].iter().find_map(|name| parcel.line.get(*name)).cloned().unwrap_or(json!("n1"));
        let passing =
            |kind: &str| json!({ "kind": kind, "from": from, "to": parcel.to, "msg": "Vote", "why": "node down" });
        match (cut, self.stopped(&parcel.to), parcel.line["kind"] == "message") {
            (Some(number), _, true) => {
                self.event(Some(parcel.cause), passing("held"));
                self.held.push((number, parcel));
            }
            (_, Some((_, "crash")), true) => drop(self.event(Some(parcel.cause), passing("dropped"))),
            (_, Some((number, _)), _) => self.held.push((number, parcel)),
            _ if parcel.line["kind"] == "answer" => {
                let request = parcel.line["request"].as_str().unwrap().to_owned();
                let client = usize::from(request.starts_with("c2"));
                if self.waiting[client].is_some_and(|number| request == format!("c{}#{number}", client + 1)) {
                    self.waiting[client] = None;
                }
                self.event(Some(parcel.cause), parcel.line);
            }
            _ => self.handles(Some(parcel.cause), parcel.line),
        }
    }

    /// A fault begins or ends.
    fn trouble(&mut self) {
        if self.faults.len() > 1 || self.below(3) == 0 && !self.faults.is_empty() {
            let (number, kind, node, cause) = self.faults.remove(0);
            let mut line = json!({ "kind": "fault ends", "fault": kind, "ended": [number] });
            if kind == "pause" {
                line["resumed"] = json!([node]);
            }
            let end = self.event(Some(cause), line);
            let (released, held) = self.held.drain(..).partition(|(fault, _)| *fault == number);
            self.held = held;
            self.flight.extend(released.into_iter().map(|(_, parcel): (u64, Parcel)| Parcel { cause: end, ..parcel }));
            if kind == "crash" {
                self.event(Some(end), json!({ "kind": "boot", "node": node, "life": 2, "records": 1 }));
            }
            return;
        }
        let (node, kind) = (self.node(), ["crash", "pause", "hold", "skew"][self.below(4) as usize]);
        if self.stopped(&node).is_some() {
            return;
        }
        let number = self.struck;
        self.struck += 1;
        let what = format!("{{ node = \"{node}\" }}");
        let mut line = json!({ "kind": "fault", "fault": kind, "what": what, "number": number, "on": [node] });
        match kind {
            "crash" => line["down"] = json!([node]),
            "pause" => line["paused"] = json!([node]),
            _ => {}
        }
        let event = self.event(None, line);
        if kind != "skew" {
            self.faults.push((number, kind, node, event));
        }
    }

    fn read(mut self) -> Recording {
        let mut reader = Reader::new();
        reader
            .line(&json!({ "trace": 1, "tool": "0.1.0", "scenario": "random.toml", "protocol": "raft", "seed": 7 }))
            .unwrap();
        self.lines.iter().for_each(|line| reader.line(line).unwrap());
        let violation =
            json!({ "check": "invariant", "property": "safety", "at": self.at, "story": ["It is \"so\"; #1."] });
        match self.below(3) {
            0 => {}
            1 => reader.line(&json!({ "verdict": "pass", "digest": "ff", "end": self.at + 1_000 })).unwrap(),
            _ => {
                reader.line(&json!({ "verdict": { "violation": violation }, "digest": "ff", "end": self.at })).unwrap()
            }
        }
        reader.finish().unwrap()
    }
}
