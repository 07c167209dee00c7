"use strict";
// All that is looked at, as the part of the address after `#`: a link restores it, and going back undoes a selection.

/** @param {string[]} words */
function joinWords(words) {
  return words.map(encodeURIComponent).join(",");
}

/** @param {string | null} text */
function splitWords(text) {
  try {
    return text ? text.split(",").map(decodeURIComponent) : [];
  } catch {
    // Somebody spoilt the address.
    return [];
  }
}

/**
 * What a page shows at first: the violation with what led to it, or where two runs diverge, or else the whole run.
 * @param {Trace[]} traces @param {Divergence | null} diverges @param {number[]} shifts
 * @returns {ViewState}
 */
function initialState(traces, diverges, shifts) {
  const violated = Math.max(0, traces.findIndex((trace) => trace.run.violation));
  const shift = shifts[violated];
  let [from, to, cursor] = openingWindow(traces[violated]).map((time) => time + shift);
  if (diverges && !traces[violated].run.violation && traces[0].count > 0) {
    const at = Math.min(diverges.at[0], traces[0].count - 1);
    cursor = traces[0].time[at];
    const reach = Math.max(1000, cursor - traces[0].time[Math.max(0, at - 120)]);
    [from, to] = [Math.max(0, cursor - reach), cursor + reach];
  }
  return {
    runs: traces.length > 1 ? "both" : "0", from, to, cursor, selected: null, lane: null,
    hiddenKinds: [], hiddenLabels: [], hiddenLanes: [], routine: false,
    theme: "auto", main: "lanes", side: "story", hops: null, pins: [], query: "",
  };
}

const OPENING_EVENTS = 1200;

/**
 * From the first operation of the story to a little after the violation, but no more than so many events.
 * @param {Trace} trace
 * @returns {[from: number, to: number, cursor: number]}
 */
function openingWindow(trace) {
  const { violation, end, operations } = trace.run;
  if (!violation) return [0, Math.max(end, 1), Math.max(end, 1)];
  const last = trace.indexAt(violation.t);
  const first = trace.time[Math.max(0, last - OPENING_EVENTS)] ?? 0;
  const told = operations.filter((operation) => operation.part !== null).map((operation) => trace.time[operation.from]);
  let from = Math.max(first, told.length > 0 ? Math.min(...told) : 0);
  // A story of a moment still wants some surroundings.
  from = Math.min(from, trace.time[Math.max(0, last - 80)] ?? 0);
  const span = Math.max(violation.t - from, 1000);
  return [Math.max(0, Math.floor(from - span * 0.08)), Math.ceil(violation.t + span * 0.12), violation.t];
}

/**
 * Only what differs from the initial state is written, so that links stay short.
 * @param {ViewState} state @param {ViewState} initial
 */
function writeAddress(state, initial) {
  const params = new URLSearchParams();
  /** @param {string} key @param {string} value @param {string} usual */
  const put = (key, value, usual) => {
    if (value !== usual) params.set(key, value);
  };
  put("runs", state.runs, initial.runs);
  put("w", `${state.from}-${state.to}`, `${initial.from}-${initial.to}`);
  put("c", String(state.cursor), String(initial.cursor));
  put("s", state.selected?.join(".") ?? "", "");
  put("lane", state.lane?.join(".") ?? "", "");
  put("kinds", joinWords(state.hiddenKinds), "");
  put("labels", joinWords(state.hiddenLabels), "");
  put("lanes", joinWords(state.hiddenLanes), "");
  put("routine", state.routine ? "1" : "", "");
  put("theme", state.theme, initial.theme);
  put("main", state.main, initial.main);
  put("side", state.side, initial.side);
  put("k", state.hops === null ? "" : String(state.hops), "");
  put("pins", joinWords(state.pins), "");
  put("q", state.query, "");
  return params.toString();
}

/**
 * @template {string} T
 * @param {string | null} word @param {T[]} known @param {T} otherwise
 * @returns {T}
 */
function oneOf(word, known, otherwise) {
  return known.find((candidate) => candidate === word) ?? otherwise;
}

/**
 * Reads an address, which may have been written by anyone: what makes no sense for these runs is left as it was at first.
 * @param {string} hash @param {ViewState} initial @param {Trace[]} traces
 * @returns {ViewState}
 */
function readAddress(hash, initial, traces) {
  const params = new URLSearchParams(hash.replace(/^#/, ""));
  const two = traces.length > 1;
  const window = /^(-?\d+)-(-?\d+)$/.exec(params.get("w") ?? "");
  const [from, to] = window ? [Number(window[1]), Number(window[2])] : [initial.from, initial.to];
  const cursor = params.get("c") ?? "";
  const hops = params.get("k") ?? "";
  return {
    ...initial,
    runs: two ? oneOf(params.get("runs"), ["0", "1", "both"], initial.runs) : "0",
    from: to > from ? from : initial.from,
    to: to > from ? to : initial.to,
    cursor: /^-?\d+$/.test(cursor) ? Number(cursor) : initial.cursor,
    selected: readRef(params.get("s"), traces, (trace) => trace.count),
    lane: readRef(params.get("lane"), traces, (trace) => trace.run.lanes.length),
    hiddenKinds: splitWords(params.get("kinds")),
    hiddenLabels: splitWords(params.get("labels")),
    hiddenLanes: splitWords(params.get("lanes")),
    routine: params.get("routine") === "1",
    theme: oneOf(params.get("theme"), ["auto", "light", "dark"], initial.theme),
    main: oneOf(params.get("main"), ["lanes", "table"], initial.main),
    side: oneOf(params.get("side"), ["story", "event", "state", "filters"], initial.side),
    hops: /^\d{1,3}$/.test(hops) ? Math.min(SLICE_HOPS, Math.max(1, Number(hops))) : null,
    pins: splitWords(params.get("pins")),
    query: params.get("q") ?? "",
  };
}

/**
 * @param {string | null} text @param {Trace[]} traces @param {(trace: Trace) => number} size
 * @returns {Ref | null}
 */
function readRef(text, traces, size) {
  const match = /^([01])\.(\d+)$/.exec(text ?? "");
  if (!match) return null;
  const [run, index] = [Number(match[1]), Number(match[2])];
  return run < traces.length && index < size(traces[run]) ? [run, index] : null;
}
