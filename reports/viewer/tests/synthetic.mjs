// Encodes runs of the toy cluster as the page's data.
import { gzipSync } from "node:zlib";
import { simulate } from "./drive.mjs";
import { CLIENTS, NODES } from "./cluster.mjs";

/** Numbers as unsigned LEB128. @param {number[]} numbers */
export function leb128(numbers) {
  const bytes = [];
  for (let number of numbers) {
    while (number >= 128) {
      bytes.push((number % 128) + 128);
      number = Math.floor(number / 128);
    }
    bytes.push(number);
  }
  return bytes;
}

/** Texts by their first use. */
class Texts {
  constructor() {
    this.all = [];
    this.known = new Map();
  }

  of(text) {
    if (!this.known.has(text)) this.known.set(text, this.all.push(text) - 1);
    return this.known.get(text);
  }
}

const increases = (numbers) => numbers.map((number, i) => (i === 0 ? number : number - numbers[i - 1]));

const LANES = [
  ...Array.from({ length: NODES }, (_, i) => ({ name: `n${i + 1}`, kind: "node" })),
  ...Array.from({ length: CLIENTS }, (_, i) => ({ name: `c${i + 1}`, kind: "client" })),
  { name: "world", kind: "world" },
];

const PROPERTIES = [
  ["linearizability", "Every operation seems to take effect at one moment between its call and its answer."],
  ["election safety", "At most one leader is elected in an epoch."],
  ["log matching", "Logs that agree on an entry agree on all before it."],
  ["leader completeness", "A committed entry is in the log of every later leader."],
];

/** @returns {{run: object, columns: Record<string, number[]>}} */
export function encode(cluster, { name = "as found", seed = 17, bug = "read-without-quorum" } = {}) {
  const [kinds, labels, details, fields, values] = Array.from({ length: 5 }, () => new Texts());
  ["role", "epoch", "leader", "commit", "applied"].forEach((field) => fields.of(field));
  const { events, lost, violation } = cluster;
  const columns = {
    time: increases(events.map((event) => event.time)),
    id: increases(events.map((event) => event.id)),
    kind: events.map((event) => kinds.of(event.kind)),
    lane: events.map((event) => event.lane),
    label: events.map((event) => (event.label ? labels.of(event.label) + 1 : 0)),
    cause: events.map((event, i) => (event.cause >= 0 ? i - event.cause : 0)),
    detail: events.map((event) => (event.detail ? details.of(JSON.stringify(event.detail)) + 1 : 0)),
    flags: events.map((event) => event.flags),
  };
  const changes = events.flatMap((event, i) => Object.entries(event.changes).map(([field, value]) => [i, fields.of(field), values.of(value)]));
  columns.change_event = increases(changes.map(([event]) => event));
  columns.change_field = changes.map(([, field]) => field);
  columns.change_value = changes.map(([, , value]) => value);
  const gone = lost.filter((message) => message.event >= 0).sort((a, b) => a.event - b.event);
  columns.lost_event = increases(gone.map((message) => message.event));
  columns.lost_to = gone.map((message) => message.to);
  columns.lost_label = gone.map((message) => labels.of(message.label) + 1);
  columns.lost_why = gone.map((message) => labels.of(message.why) + 1);
  const run = {
    name, scenario: "scenarios/negative/raft-read-without-quorum.toml", protocol: "raft", bug, seed: String(seed),
    digest: "f3ab09c2d417e650", reproduce: `shaketable replay scenarios/negative/raft-read-without-quorum.toml --seed ${seed}`,
    end: events.at(-1).time + 1e6, verdict: violation ? "violation" : "pass", violation, lanes: LANES,
    kinds: kinds.all, labels: labels.all, details: details.all, fields: fields.all, values: values.all,
    faults: cluster.faults, down: cluster.down, operations: cluster.operations,
    properties: PROPERTIES.map(([property, doc], at) => ({ name: property, doc, checked: at + 1 < PROPERTIES.length, broken: violation?.property === property ? violation.t : null })),
    truncated: events.filter((event) => !event.detail && event.kind === "message").length,
  };
  return { run, columns };
}

/** The container, as base64. @param {{run: object, columns: Record<string, number[]>}[]} encoded */
export function pack(encoded, { title = "Stale read", diverges = null } = {}) {
  const blocks = [];
  let offset = 0;
  const runs = encoded.map(({ run, columns }) => {
    const places = {};
    for (const [name, numbers] of Object.entries(columns)) {
      const block = Uint8Array.from(leb128(numbers));
      places[name] = [offset, block.length, numbers.length];
      offset += block.length;
      blocks.push(block);
    }
    return { ...run, columns: places };
  });
  const header = Buffer.from(JSON.stringify({ page: 1, tool: "0.1.0", title, runs, diverges }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return gzipSync(Buffer.concat([length, header, ...blocks]), { level: 9 }).toString("base64");
}

/** Where two runs of events first differ. */
export function divergence(a, b) {
  const same = (x, y) => x && y && x.time === y.time && x.kind === y.kind && x.lane === y.lane && x.label === y.label && x.cause === y.cause;
  let at = 0;
  while (same(a.events[at], b.events[at])) at++;
  const tell = (cluster) => `${cluster.events[at].kind} ${cluster.events[at].label} on ${LANES[cluster.events[at].lane].name} at ${cluster.events[at].time / 1e6} ms`;
  return { why: ["The runs are equal up to here.", `as found: ${tell(a)}`, `repaired: ${tell(b)}`], at: [at, at] };
}

export function oneRun(options = {}) {
  const cluster = simulate(options);
  return { cluster, base64: pack([encode(cluster, options)]) };
}

export function twoRuns(options = {}) {
  const first = simulate(options);
  const second = simulate({ ...options, violates: false, swerve: first.events.at(-1).time * 0.6 });
  const diverges = divergence(first, second);
  const encoded = [encode(first), encode(second, { name: "repaired", bug: null })];
  return { clusters: [first, second], diverges, base64: pack(encoded, { title: "With the bug and without", diverges }) };
}
