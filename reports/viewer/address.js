"use strict";
// What is looked at, as the address after `#`: a link restores it, and going back undoes a selection.

/**
 * What a page shows at first: the violation with what led to it, or else the whole run.
 * @param {Trace[]} traces @param {number[]} shifts
 * @returns {ViewState}
 */
function initialState(traces, shifts) {
  const violated = Math.max(0, traces.findIndex((trace) => trace.run.violation));
  const [from, to, cursor] = openingWindow(traces[violated]).map((time) => time + shifts[violated]);
  return {
    runs: traces.length > 1 ? "both" : "0", from, to, cursor, selected: null, lane: null,
    hiddenKinds: [], hiddenLabels: [], hiddenLanes: bystanders(traces[violated].run), routine: false,
    theme: "auto", main: "lanes", side: "story", hops: null, pins: [], query: "",
  };
}

/** How many clients may be shown that have nothing to do with the violation. */
const BYSTANDERS = 3;

/**
 * The clients that the violation is not about, if it is about some: many of them would cover what happens between the nodes.
 * @param {RunHeader} run @returns {string[]}
 */
function bystanders({ lanes, operations }) {
  const told = new Set(operations.filter(({ part }) => part !== null).map(({ lane }) => lane));
  const others = lanes.filter(({ kind }, lane) => kind === "client" && !told.has(lane)).map(({ name }) => name);
  return told.size > 0 && others.length > BYSTANDERS ? others : [];
}

const OPENING_EVENTS = 1200;

/** How many events are shown of a story that names no operations. */
const TELLING_EVENTS = 200;

/**
 * From the first operation of the story, or what the violation goes against, to a little after the violation, but no more than so many events.
 * @param {Trace} trace @returns {[from: number, to: number, cursor: number]}
 */
function openingWindow(trace) {
  const { violation, end, operations } = trace.run;
  if (!violation) return [0, Math.max(end, 1), Math.max(end, 1)];
  const last = trace.indexAt(violation.t);
  const first = trace.time[Math.max(0, last - OPENING_EVENTS)] ?? 0;
  const told = [...operations.filter(({ part }) => part !== null).map(({ start }) => start), ...violation.against.map((event) => trace.time[event])];
  let from = Math.max(first, told.length > 0 ? Math.min(...told) : (trace.time[Math.max(0, last - TELLING_EVENTS)] ?? 0));
  // A story of a moment still wants some surroundings.
  from = Math.min(from, trace.time[Math.max(0, last - 80)] ?? 0);
  const span = Math.max(violation.t - from, 1000);
  return [Math.max(0, Math.floor(from - span * 0.08)), Math.ceil(violation.t + span * 0.12), violation.t];
}

const [TEXT, NUMBER, FLAG, LIST] = /** @type {Codec[]} */ ([
  { write: String, read: (text) => text },
  { write: (value) => (value === null ? "" : String(value)), read: (text) => (/^-?\d{1,16}$/.test(text) ? Number(text) : undefined) },
  { write: (value) => (value ? "1" : ""), read: (text) => text === "1" },
  {
    write: (value) => value.map(encodeURIComponent).join(","),
    read(text) {
      try {
        return text === "" ? [] : text.split(",").map(decodeURIComponent);
      } catch {
        // Somebody spoilt the address.
        return undefined;
      }
    },
  },
]);

/** @param {...string} known @returns {Codec} */
const oneOf = (...known) => ({ write: String, read: (text) => known.find((word) => word === text) });

/** @param {(trace: Trace) => number} size @returns {Codec} */
const refTo = (size) => ({
  write: (value) => value?.join(".") ?? "",
  read(text, traces) {
    const [, run, index] = (/^([01])\.(\d+)$/.exec(text) ?? []).map(Number);
    return run < traces.length && index < size(traces[run]) ? [run, index] : undefined;
  },
});

/** @type {[name: string, key: keyof ViewState, codec: Codec][]} */
const ADDRESS = [
  ["runs", "runs", oneOf("0", "1", "both")], ["from", "from", NUMBER], ["to", "to", NUMBER], ["c", "cursor", NUMBER],
  ["s", "selected", refTo((trace) => trace.count)], ["lane", "lane", refTo((trace) => trace.run.lanes.length)],
  ["kinds", "hiddenKinds", LIST], ["labels", "hiddenLabels", LIST], ["lanes", "hiddenLanes", LIST], ["routine", "routine", FLAG],
  ["theme", "theme", oneOf("auto", "light", "dark")], ["main", "main", oneOf("lanes", "table")],
  ["side", "side", oneOf("story", "event", "state", "filters")], ["k", "hops", NUMBER], ["pins", "pins", LIST], ["q", "query", TEXT],
];

/** Only what differs from the initial state is written, so that links stay short. @param {ViewState} state @param {ViewState} initial */
function writeAddress(state, initial) {
  const params = new URLSearchParams();
  for (const [name, key, { write }] of ADDRESS) if (write(state[key]) !== write(initial[key])) params.set(name, write(state[key]));
  return params.toString();
}

/**
 * Reads an address, which may have been written by anyone: what makes no sense for these runs is left as it was at first.
 * @param {string} hash @param {ViewState} initial @param {Trace[]} traces
 * @returns {ViewState}
 */
function readAddress(hash, initial, traces) {
  const params = new URLSearchParams(hash.replace(/^#/, ""));
  /** @type {any} */
  const state = { ...initial };
  for (const [name, key, { read }] of ADDRESS) {
    const text = params.get(name);
    if (text !== null) state[key] = read(text, traces) ?? initial[key];
  }
  if (state.from >= state.to) [state.from, state.to] = [initial.from, initial.to];
  if (traces.length < 2) state.runs = "0";
  if (state.hops !== null) state.hops = Math.min(SLICE_HOPS, Math.max(1, state.hops));
  return state;
}
