// The model against naive twins, which are made from the cluster itself and not from the page's data.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { generator } from "./cluster.mjs";
import { load } from "./load.mjs";
import { encode, leb128, oneRun, pack, twoRuns } from "./synthetic.mjs";

const viewer = load();
const { cluster, base64 } = oneRun({ events: 2500, seed: 5 });
const { header, traces } = await viewer.readPage(base64);
const [trace] = traces;
const states = new viewer.States(trace);

test("numbers of any size are read back, and no others", () => {
  const numbers = [0, 1, 127, 128, 300, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER];
  const bytes = Uint8Array.from(leb128(numbers));
  assert.deepEqual([...viewer.varints(bytes, 0, bytes.length, numbers.length, "x")], numbers);
  assert.throws(() => viewer.varints(bytes, 0, bytes.length, numbers.length + 1, "x"), /Column x ends/);
  assert.throws(() => viewer.varints(bytes, 0, bytes.length, numbers.length - 1, "x"), /too many/);
  assert.throws(() => viewer.varints(bytes, 0, bytes.length + 1, numbers.length, "x"), /beyond/);
  const large = Uint8Array.from(leb128([Number.MAX_SAFE_INTEGER]).map((byte, i, all) => (i === all.length - 1 ? byte + 128 : byte)).concat(1));
  assert.throws(() => viewer.varints(large, 0, large.length, 1, "x"), /too large/);
});

test("every event is what the cluster recorded", () => {
  assert.equal(header.title, "Stale read");
  assert.equal(trace.count, cluster.events.length);
  cluster.events.forEach((event, i) => {
    const read = { time: trace.time[i], id: trace.id[i], kind: trace.kindOf(i), lane: trace.lane[i], label: trace.labelOf(i), cause: trace.cause[i], flags: trace.flags[i] };
    const { time, id, kind, lane, label, cause, flags } = event;
    assert.deepEqual(read, { time, id, kind, lane, label, cause, flags });
    const detail = trace.detail[i] < 0 ? null : JSON.parse(trace.run.details[trace.detail[i]]);
    assert.deepEqual(detail, event.detail);
  });
  assert.equal(trace.lostEvent.length, cluster.lost.filter((message) => message.event >= 0).length);
});

test("spoilt data is refused with a sentence", async () => {
  await assert.rejects(viewer.readPage("%%%"), /cannot be unpacked/);
  await assert.rejects(viewer.readPage(base64.slice(0, 400)), /cannot be unpacked/);
  await assert.rejects(viewer.readPage(gzipSync(Buffer.from([255, 255, 0, 0])).toString("base64")), /cut off/);
  const spoil = (change) => {
    const encoded = encode(cluster);
    change(encoded.columns, encoded.run);
    return viewer.readPage(pack([encoded]));
  };
  await assert.rejects(spoil((columns) => (columns.kind[3] = 99)), /Column kind points to 99/);
  await assert.rejects(spoil((columns) => (columns.cause[3] = 9)), /Column cause points to/);
  await assert.rejects(spoil((columns) => columns.lane.pop()), /Column lane has \d+ entries/);
  await assert.rejects(spoil((columns) => delete columns.flags), /Column flags is missing/);
});

/** A node's state by folding every change from the beginning. */
function naiveState(lane, event) {
  const state = {};
  for (let i = 0; i <= event; i++) if (cluster.events[i].lane === lane) Object.assign(state, cluster.events[i].changes);
  return state;
}

test("states are the fold of all changes", () => {
  const random = generator(3);
  for (let i = 0; i < 200; i++) {
    const event = Math.floor(random() * trace.count);
    const lane = Math.floor(random() * 5);
    assert.deepEqual(Object.fromEntries(states.at(lane, event)), naiveState(lane, event), `lane ${lane} after ${event}`);
  }
  assert.equal(states.at(0, -1).size, 0);
});

test("a field that goes away has no value", async () => {
  const encoded = encode(cluster);
  const { run, columns } = encoded;
  columns.change_event.push(cluster.events.length - 1 - columns.change_event.reduce((a, b) => a + b));
  columns.change_field.push(run.fields.indexOf("role"));
  columns.change_value.push(run.values.push("") - 1);
  const page = await viewer.readPage(pack([encoded]));
  const lane = page.traces[0].lane[cluster.events.length - 1];
  assert.equal(new viewer.States(page.traces[0]).at(lane, cluster.events.length - 1).has("role"), false);
});

test("a curve has every number of its field, and what is no number has none", () => {
  const curve = states.curve("commit");
  const told = cluster.events.flatMap((event) => (event.changes.commit === undefined ? [] : [Number(event.changes.commit)]));
  assert.deepEqual([curve.low, curve.high], [Math.min(...told), Math.max(...told)]);
  assert.equal(curve.lanes.flat().length, told.length);
  assert.equal(states.curve("role"), null);
  assert.equal(states.curve("no such field"), null);
});

test("leaders are the spans in which a node said that it leads", () => {
  const leaders = states.leaders();
  assert.ok(leaders.length >= 1);
  for (const { lane, from, epoch } of leaders) {
    const event = trace.indexAt(from);
    assert.equal(naiveState(lane, event).role, "leader");
    assert.equal(naiveState(lane, event).epoch, epoch);
  }
});

/** The slice by following single causes from every event of the run. */
function naiveSlice(event, hops) {
  const slice = new Map([[event, 0]]);
  for (let other = 0; other < cluster.events.length; other++) {
    let at = other;
    for (let hop = 0; at >= 0 && hop <= hops; hop++, at = cluster.events[at].cause) {
      if (at === event && hop > 0) slice.set(other, hop);
    }
  }
  let at = event;
  for (let hop = 0; at >= 0 && hop <= hops; hop++, at = cluster.events[at].cause) slice.set(at, hop === 0 ? 0 : -hop);
  return slice;
}

const sorted = (map) => [...map].sort(([a], [b]) => a - b);

test("the causal slice is what the causes say", () => {
  const random = generator(8);
  for (let i = 0; i < 60; i++) {
    const event = Math.floor(random() * trace.count);
    const hops = 1 + Math.floor(random() * 6);
    assert.deepEqual(sorted(viewer.causalSlice(trace, event, hops)), sorted(naiveSlice(event, hops)));
  }
});

test("the slice at first is readable, and one hop more would not be or would add nothing", () => {
  for (let event = 0; event < trace.count; event += 37) {
    const hops = viewer.readableHops(trace, event);
    const size = viewer.causalSlice(trace, event, hops).size;
    const more = viewer.causalSlice(trace, event, hops + 1).size;
    assert.ok(hops === 1 || size <= viewer.SLICE_READABLE);
    assert.ok(more > viewer.SLICE_READABLE || more === size, `event ${event}: ${size} with ${hops} hops, then ${more}`);
  }
});

test("the index counts as counting does", () => {
  const passes = (i) => trace.flags[i] % 2 === 0 && trace.kindOf(i) !== "synced";
  const shown = new viewer.Shown(trace, passes);
  const random = generator(21);
  const all = cluster.events.map((_, i) => i).filter(passes);
  const line = (i) => cluster.events[i].cause >= 0 && cluster.events[cluster.events[i].cause].lane !== cluster.events[i].lane;
  for (let round = 0; round < 80; round++) {
    const from = Math.floor(random() * trace.run.end);
    const to = from + Math.floor(random() ** 3 * (trace.run.end - from));
    const within = all.filter((i) => trace.time[i] >= from && trace.time[i] <= to);
    assert.equal(shown.shapes(from, to), within.length + within.filter(line).length);
    const crossing = all.filter((i) => line(i) && trace.time[i] >= from && trace.time[cluster.events[i].cause] <= to);
    assert.deepEqual(shown.lines(from, to), crossing);
    const lane = Math.floor(random() * 10);
    const bins = 1 + Math.floor(random() * 40);
    const counts = Array(bins).fill(0);
    for (const i of all) {
      if (trace.lane[i] !== lane || to <= from) continue;
      const bin = counts.findIndex((_, b) => trace.time[i] >= from + (b * (to - from)) / bins && trace.time[i] < from + ((b + 1) * (to - from)) / bins);
      if (bin >= 0) counts[bin]++;
    }
    assert.deepEqual([...viewer.densityOf(shown.lanes[lane].times, from, to, bins)], counts);
    const near = shown.nearest(lane, from);
    const distances = all.filter((i) => trace.lane[i] === lane).map((i) => Math.abs(trace.time[i] - from));
    if (near >= 0) assert.equal(Math.abs(trace.time[near] - from), Math.min(...distances));
  }
});

test("a message on its way for long crosses every window between", async () => {
  const encoded = encode(cluster);
  const last = cluster.events.length - 1;
  const sender = cluster.events.findIndex((event) => event.lane !== cluster.events[last].lane);
  encoded.columns.cause[last] = last - sender;
  const page = await viewer.readPage(pack([encoded]));
  const shown = new viewer.Shown(page.traces[0], () => true);
  for (const [from, to] of [[0, 0], [0, trace.time[sender + 40]], [trace.time[900], trace.time[910]]]) {
    assert.ok(shown.lines(from, to).includes(last), `${from} to ${to}`);
  }
});

test("an address restores all that is looked at", async () => {
  const page = await viewer.readPage(twoRuns({ events: 800 }).base64);
  const initial = viewer.initialState(page.traces, [0, 0]);
  assert.equal(viewer.writeAddress(initial, initial), "");
  const state = {
    runs: "1", from: 5, to: 9000, cursor: 77, selected: [1, 12], lane: [0, 3],
    hiddenKinds: ["timer", "a,b%c&d"], hiddenLabels: ["Append=x"], hiddenLanes: ["n1"], routine: true,
    theme: "dark", main: "table", side: "state", hops: 7, pins: ["log.last"], query: "get k & ü",
  };
  const address = viewer.writeAddress(state, initial);
  assert.deepEqual(viewer.readAddress(`#${address}`, initial, page.traces), state);
});

test("an address that makes no sense changes nothing", () => {
  const initial = viewer.initialState(traces, [0]);
  const read = viewer.readAddress("#runs=1&from=9&to=3&c=x&s=0.99999999&lane=1.0&theme=pink&main=no&side=&k=abc&pins=%25E0", initial, traces);
  assert.deepEqual(read, initial);
});

test("clients that a violation is not about are folded if they are many, and an address brings them back", () => {
  const lanes = [{ name: "n1", kind: "node" }, ...["c1", "c2", "c3", "c4", "c5"].map((name) => ({ name, kind: "client" }))];
  const hidden = (told, count) => {
    const operations = told.map((lane) => ({ ...trace.run.operations[0], lane, part: "story" }));
    return viewer.initialState([{ ...trace, indexAt: (time) => trace.indexAt(time), run: { ...trace.run, lanes: lanes.slice(0, count), operations } }], [0]).hiddenLanes;
  };
  assert.deepEqual(hidden([1], 6), ["c2", "c3", "c4", "c5"]);
  assert.deepEqual(hidden([1], 4), [], "three others are not many");
  assert.deepEqual(hidden([], 6), [], "without operations nobody knows whom it is about");
  const initial = { ...viewer.initialState(traces, [0]), hiddenLanes: ["c2"] };
  const all = { ...initial, hiddenLanes: [] };
  assert.deepEqual(viewer.readAddress(`#${viewer.writeAddress(all, initial)}`, initial, traces), all);
});

test("a run opens at its violation, with the story in the window", () => {
  const { from, to, cursor } = viewer.initialState(traces, [0]);
  const { violation, operations } = trace.run;
  assert.equal(cursor, violation.t);
  assert.ok(from < violation.t && violation.t < to);
  for (const operation of operations.filter((o) => o.part === "culprit")) assert.ok(trace.indexAt(violation.t) - operation.from > 1200 || trace.time[operation.from] >= from);
});
