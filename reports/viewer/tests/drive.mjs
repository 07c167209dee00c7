// What the world does to the toy cluster: clients, faults, and the stale read that ends the run.
import { Cluster, MS, NODES, CLIENTS, WORLD } from "./cluster.mjs";

/** @param {Cluster} cluster @param {number} client */
function work(cluster, client) {
  const lane = NODES + client;
  const { random } = cluster;
  const key = "kxyz"[Math.floor(random() * 4)];
  const value = Math.floor(random() * 90) + 1;
  const asked = random() < 0.5 ? `put ${key} ${value}` : `get ${key}`;
  const ask = cluster.record("ask", lane, { label: asked.slice(0, 3) });
  const operation = { lane, asked, answer: null, outcome: "unknown", from: ask, to: null, part: null, order: null };
  cluster.operations.push(operation);
  const node = leaderSeen(cluster, client);
  let over = false;
  const finish = (kind, arrival, answer, outcome) => {
    over = true;
    operation.to = cluster.record(kind, lane, { ...arrival, label: arrival.label ?? asked.slice(0, 3) });
    Object.assign(operation, { answer, outcome });
    cluster.after((5 + random() * 30) * MS, () => work(cluster, client));
  };
  cluster.send(ask, lane, node, asked.slice(0, 3), (_, arrival) => serve(cluster, node, lane, asked, value, arrival, (reply) => {
    if (!over) finish("answer", reply, asked.startsWith("put") ? "ok" : String(value), random() < 0.04 ? "failed" : "ok");
  }));
  cluster.after(400 * MS, () => {
    if (!over) finish("give-up", {}, null, "unknown");
  });
}

function leaderSeen(cluster, client) {
  const leaders = cluster.nodes.flatMap((node, index) => (node.role === "leader" && node.up ? [index] : []));
  // A client keeps to the leader that it knows, which may have been deposed.
  return leaders[client % Math.max(1, leaders.length)] ?? Math.floor(cluster.random() * NODES);
}

function serve(cluster, node, lane, asked, value, arrival, done) {
  const self = cluster.nodes[node];
  const leads = self.role === "leader";
  const put = leads && asked.startsWith("put");
  const changes = put ? cluster.set(node, { log: self.log + 1 }) : {};
  const request = cluster.record("request", node, { ...arrival, changes });
  const answer = (event) => cluster.send(event, node, lane, "reply", (_, reply) => done(reply), { body: { value } });
  if (!put) {
    answer(request);
    return;
  }
  const synced = cluster.record("synced", node, { cause: request });
  (self.waiting ??= []).push(answer);
  cluster.replicate(node, synced, false);
}

const STRIKES = {
  crash(cluster, node, length) {
    const event = cluster.record("fault", WORLD, { label: "crash" });
    Object.assign(cluster.nodes[node], { up: false });
    const down = { lane: node, from: cluster.now, to: null, why: "crash" };
    const fault = { kind: "crash", what: `n${node + 1} crashes`, from: cluster.now, to: null, lanes: [node], event };
    cluster.after(length, () => {
      const cause = cluster.record("fault ends", WORLD, { label: "restart" });
      Object.assign(cluster.nodes[node], { up: true, heard: cluster.now });
      cluster.record("boot", node, { cause, changes: cluster.set(node, { role: "follower", votes: 0 }) });
      down.to = fault.to = cluster.now;
    });
    return { down, fault };
  },
  pause(cluster, node, length) {
    const event = cluster.record("fault", WORLD, { label: "pause" });
    cluster.nodes[node].paused = true;
    const down = { lane: node, from: cluster.now, to: null, why: "pause" };
    const fault = { kind: "pause", what: `n${node + 1} is paused`, from: cluster.now, to: null, lanes: [node], event };
    cluster.after(length, () => {
      cluster.record("fault ends", WORLD, { label: "resume" });
      cluster.nodes[node].paused = false;
      for (const deliver of cluster.nodes[node].held.splice(0)) cluster.after(0.1 * MS, deliver);
      down.to = fault.to = cluster.now;
    });
    return { down, fault };
  },
  cut(cluster, node, length) {
    const side = [node, (node + 1) % NODES];
    const event = cluster.record("fault", WORLD, { label: "cut" });
    cluster.cutOff = new Set(side);
    const fault = { kind: "cut", what: `${side.map((n) => `n${n + 1}`).join(", ")} cut off`, from: cluster.now, to: null, lanes: side, event };
    cluster.after(length, () => {
      cluster.record("heal", WORLD, { label: "heal", cause: event });
      cluster.cutOff = new Set();
      fault.to = cluster.now;
    });
    return { fault };
  },
};

function strike(cluster, number) {
  const name = ["cut", "crash", "pause"][number % 3];
  const leader = cluster.nodes.findIndex((node) => node.role === "leader" && node.up);
  const node = leader >= 0 && cluster.random() < 0.6 ? leader : Math.floor(cluster.random() * NODES);
  const length = (400 + cluster.random() * 500) * MS;
  if (cluster.nodes[node].up && !cluster.nodes[node].paused) {
    const { down, fault } = STRIKES[name](cluster, node, length);
    if (down) cluster.down.push(down);
    cluster.faults.push(fault);
  }
  cluster.after(length + (500 + cluster.random() * 1500) * MS, () => strike(cluster, number + 1));
}

/** Declares the last read that was answered stale, with the write that it missed. */
function accuse(cluster) {
  const done = cluster.operations.filter((operation) => operation.outcome === "ok" && operation.to !== null);
  const read = done.findLast((operation) => operation.asked.startsWith("get"));
  const write = done.findLast((operation) => operation.asked.startsWith(`put ${read.asked.slice(4)} `) && operation.to < read.from && operation.lane !== read.lane);
  read.part = "culprit";
  write.part = "culprit";
  const between = done.findLast((operation) => operation !== read && operation !== write && operation.from > write.from);
  if (between) between.part = "story";
  done.filter((operation) => operation !== read).forEach((operation, index) => (operation.order = index + 1));
  const node = cluster.events[cluster.events[read.to].cause]?.lane ?? 0;
  cluster.violation = {
    property: "linearizability",
    message: `${read.asked} returned ${read.answer}, but ${write.asked} had been acknowledged before it began.`,
    against: [write.to], event: read.to, t: cluster.events[read.to].time, lane: read.lane,
    story: [
      `n${node + 1} was leader and was cut off from the majority.`,
      "The majority elected another leader in a later epoch.",
      `c${write.lane - NODES + 1} wrote: ${write.asked}. A majority acknowledged it.`,
      `c${read.lane - NODES + 1} asked n${node + 1}, which still took itself for the leader: ${read.asked}.`,
      `n${node + 1} answered ${read.answer} from its own state without asking a quorum.`,
      "The read began after the write had ended, so that it had to see the write.",
    ],
  };
}

/**
 * @param {{seed?: number, events?: number, loss?: number, details?: number, violates?: boolean, name?: string, swerve?: number}} options
 * `swerve`: the time from which on the random numbers are others, so that two runs of one seed diverge there.
 */
export function simulate({ seed = 17, events = 3000, loss = 0.02, details = 500, violates = true, swerve = Infinity } = {}) {
  const cluster = new Cluster({ seed, events, loss, details });
  for (let node = 0; node < NODES; node++) {
    cluster.record("boot", node, { changes: cluster.set(node, { role: "follower", epoch: 0, commit: 0, log: 0 }) });
    cluster.elect(node);
  }
  for (let client = 0; client < CLIENTS; client++) cluster.after((400 + client * 7) * MS, () => work(cluster, client));
  cluster.after(900 * MS, () => strike(cluster, 0));
  while (cluster.events.length < events) {
    const next = cluster.agenda.pop();
    cluster.now = next.time;
    if (cluster.now >= swerve) {
      swerve = Infinity;
      cluster.random();
    }
    next.act();
  }
  if (violates) accuse(cluster);
  return cluster;
}
