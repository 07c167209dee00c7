// A toy cluster for the tests of the page: it elects leaders, replicates a log and answers clients, from one seed.
// It only has to look like a run of Raft. It is no implementation of it.

const MS = 1e6;
const NODES = 5;
const CLIENTS = 4;
const WORLD = NODES + CLIENTS;

/** @param {number} seed */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is to happen, by time: a binary heap. Ties go in the order of planning. */
class Agenda {
  constructor() {
    this.heap = [];
    this.planned = 0;
  }

  before(a, b) {
    return a.time !== b.time ? a.time < b.time : a.order < b.order;
  }

  push(time, act) {
    const { heap } = this;
    heap.push({ time, act, order: this.planned++ });
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!this.before(heap[i], heap[parent])) break;
      [heap[i], heap[parent]] = [heap[parent], heap[i]];
      i = parent;
    }
  }

  pop() {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && this.before(heap[child], heap[least])) least = child;
      }
      if (least === i) return first;
      [heap[i], heap[least]] = [heap[least], heap[i]];
      i = least;
    }
  }
}

export class Cluster {
  /** @param {{seed: number, events: number, loss?: number, details?: number}} options */
  constructor({ seed, events, loss = 0.02, details = 500 }) {
    this.random = generator(seed);
    Object.assign(this, { limit: events, loss, detailed: details, now: 0, numbers: 0 });
    this.agenda = new Agenda();
    this.events = [];
    this.lost = [];
    this.faults = [];
    this.down = [];
    this.operations = [];
    this.violation = null;
    this.cutOff = new Set();
    this.nodes = Array.from({ length: NODES }, () => ({ role: "follower", epoch: 0, log: 0, commit: 0, heard: 0, votes: 0, up: true, paused: false, held: [] }));
  }

  /** Records an event and what it changed. */
  record(kind, lane, { label = "", cause = -1, detail = null, flags = 0, changes = {} } = {}) {
    this.numbers += 1 + (this.random() < 0.1 ? 1 : 0);
    const event = { time: this.now, id: this.numbers, kind, lane, label, cause, detail, flags, changes };
    return this.events.push(event) - 1;
  }

  /** The changes of a node's fields as the page is told them, and the fields themselves. */
  set(node, changes) {
    Object.assign(this.nodes[node], changes);
    const { log, ...told } = changes;
    const text = Object.fromEntries(Object.entries(told).map(([name, value]) => [name, String(value)]));
    if (log !== undefined) text["log.last"] = String(log);
    if (changes.commit !== undefined) text.applied = String(changes.commit);
    return text;
  }

  after(delay, act) {
    this.agenda.push(this.now + Math.round(delay), act);
  }

  latency() {
    return (0.3 + this.random() * 2.5 + (this.random() < 0.03 ? 8 : 0)) * MS;
  }

  separated(a, b) {
    return a < NODES && b < NODES && this.cutOff.has(a) !== this.cutOff.has(b);
  }

  detail(label, body) {
    return this.events.length < this.detailed ? { body: { type: label, ...body }, effects: this.events.length % 3 === 0 ? ["persist", "send"] : ["send"] } : null;
  }

  /** Sends a message; `receive(event)` is called where it arrives. */
  send(cause, from, to, label, receive, { routine = false, body = {} } = {}) {
    if (this.separated(from, to)) {
      this.lost.push({ event: cause, to, label, why: "cut" });
      return;
    }
    const chance = this.random();
    const flags = routine ? 1 : 0;
    if (chance < this.loss) {
      this.after(this.latency(), () => this.record("dropped", to, { label, cause, flags }));
      return;
    }
    const deliver = (extra) => () => {
      const node = this.nodes[to];
      if (node && !node.up) this.record("dropped", to, { label, cause, flags: flags | extra });
      else if (node?.paused) {
        this.record("held", to, { label, cause, flags: flags | extra });
        node.held.push(deliver(4));
      } else receive(this, { cause, label, detail: this.detail(label, body), flags: flags | extra });
    };
    this.after(this.latency(), deliver(0));
    if (chance > 1 - this.loss / 2) this.after(this.latency() * 2, deliver(2));
  }

  elect(node) {
    const timeout = () => (150 + this.random() * 150) * MS;
    const check = () => {
      const self = this.nodes[node];
      if (self.up && !self.paused && self.role !== "leader" && this.now - self.heard > 140 * MS) this.stand(node);
      this.after(timeout(), check);
    };
    this.after(timeout(), check);
  }

  stand(node) {
    const epoch = this.nodes[node].epoch + 1;
    const event = this.record("timer", node, { label: "election", changes: this.set(node, { role: "candidate", epoch, votes: 1 }) });
    for (let peer = 0; peer < NODES; peer++) {
      if (peer !== node) this.send(event, node, peer, "RequestVote", (_, arrival) => this.vote(peer, node, epoch, arrival), { body: { epoch, from: `n${node + 1}` } });
    }
  }

  vote(node, candidate, epoch, arrival) {
    const granted = epoch > this.nodes[node].epoch;
    const changes = granted ? this.set(node, { role: "follower", epoch, heard: this.now }) : {};
    delete changes.heard;
    const event = this.record("message", node, { ...arrival, changes });
    if (!granted) return;
    const synced = this.record("synced", node, { cause: event });
    this.send(synced, node, candidate, "Vote", (_, vote) => this.count(candidate, epoch, vote), { body: { epoch, granted } });
  }

  count(node, epoch, arrival) {
    const self = this.nodes[node];
    const counts = self.role === "candidate" && self.epoch === epoch;
    const wins = counts && self.votes + 1 > NODES / 2;
    const changes = counts ? this.set(node, wins ? { votes: self.votes + 1, role: "leader" } : { votes: self.votes + 1 }) : {};
    const event = this.record("message", node, { ...arrival, changes });
    if (wins) this.beat(node, epoch, event);
  }

  /** A leader sends what it has, and again while it leads. */
  beat(node, epoch, cause) {
    const self = this.nodes[node];
    if (self.role !== "leader" || self.epoch !== epoch || !self.up) return;
    if (!self.paused) {
      const event = cause ?? this.record("timer", node, { label: "heartbeat", flags: 1 });
      this.replicate(node, event, true);
    }
    this.after(50 * MS, () => this.beat(node, epoch));
  }

  replicate(leader, event, routine) {
    const { epoch, log, commit } = this.nodes[leader];
    let acknowledged = 1;
    for (let peer = 0; peer < NODES; peer++) {
      if (peer === leader) continue;
      const receive = (_, arrival) => {
        const reply = this.append(peer, epoch, log, commit, arrival);
        if (reply >= 0) {
          this.send(reply, peer, leader, "Appended", (__, answer) => this.appended(leader, epoch, log, ++acknowledged, answer), { routine, body: { epoch, last: log } });
        }
      };
      this.send(event, leader, peer, "Append", receive, { routine, body: { epoch, entries: [{ index: log, epoch }], commit } });
    }
  }

  append(node, epoch, log, commit, arrival) {
    const self = this.nodes[node];
    if (epoch < self.epoch) return this.record("message", node, arrival) * 0 - 1;
    const changes = {};
    if (epoch > self.epoch || self.role === "candidate") Object.assign(changes, { epoch, role: "follower" });
    if (log > self.log) changes.log = log;
    if (commit > self.commit) changes.commit = commit;
    self.heard = this.now;
    return this.record("message", node, { ...arrival, changes: this.set(node, changes) });
  }

  appended(leader, epoch, log, acknowledged, arrival) {
    const self = this.nodes[leader];
    const commits = self.role === "leader" && self.epoch === epoch && acknowledged === 3 && log > self.commit;
    const event = this.record("message", leader, { ...arrival, changes: commits ? this.set(leader, { commit: log }) : {} });
    if (commits) this.after(0.05 * MS, () => this.record("own", leader, { label: "Apply", cause: event }));
    if (commits) for (const answer of self.waiting?.splice(0) ?? []) answer(event);
  }
}

export { MS, NODES, CLIENTS, WORLD };
