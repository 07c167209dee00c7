"use strict";
// What can be asked of a run: states, causes and effects, and how much happened when.

/** What every node's state was after every event. Only changes are stored, so a question is a binary search. */
class States {
  /** @param {Trace} trace */
  constructor(trace) {
    this.trace = trace;
    const { fields, lanes } = trace.run;
    /** @type {{events: number[], values: number[]}[][]} by lane and field; what never changed is absent */
    this.byLane = lanes.map(() => []);
    for (let c = 0; c < trace.changeEvent.length; c++) {
      const event = trace.changeEvent[c];
      const series = (this.byLane[trace.lane[event]][trace.changeField[c]] ??= { events: [], values: [] });
      series.events.push(event);
      series.values.push(trace.changeValue[c]);
    }
    this.field = new Map(fields.map((name, index) => [name, index]));
    /** @type {Map<string, {lanes: ReturnType<States["spans"]>[], low: number, high: number} | null>} */
    this.curves = new Map();
    this.roles = lanes.map((_, lane) => this.spans(lane, "role"));
  }

  /** The value of a field after `event` (of any lane); "" if it has none. @param {number} lane @param {string} name @param {number} event */
  value(lane, name, event) {
    const series = this.byLane[lane]?.[this.field.get(name) ?? -1];
    if (!series) return "";
    const at = lowerBound(series.events, event + 1) - 1;
    return at < 0 ? "" : this.trace.run.values[series.values[at]];
  }

  /** All fields of a lane after `event` that have a value, in the order of the fields. @param {number} lane @param {number} event @returns {Map<string, string>} */
  at(lane, event) {
    const state = new Map();
    for (const name of this.trace.run.fields) {
      const value = this.value(lane, name, event);
      if (value !== "") state.set(name, value);
    }
    return state;
  }

  /** A field over time: where it took which value. @param {number} lane @param {string} name @returns {{from: number, to: number, value: string, event: number}[]} */
  spans(lane, name) {
    const series = this.byLane[lane]?.[this.field.get(name) ?? -1];
    if (!series) return [];
    const { time, run } = this.trace;
    return series.events.map((event, i) => ({
      from: time[event],
      to: i + 1 < series.events.length ? time[series.events[i + 1]] : run.end,
      value: run.values[series.values[i]],
      event,
    }));
  }

  /** Who led, when, and in which epoch. A leader that is down leads no more. */
  leaders() {
    const { run } = this.trace;
    return this.roles.flatMap((spans, lane) => spans.filter(({ value, from, to }) => value === "leader" && to > from).map(({ from, to }) => {
      const crash = run.down.find((d) => d.lane === lane && d.why === "crash" && d.from >= from && d.from < to);
      return { lane, from, to: crash ? crash.from : to, epoch: this.value(lane, "epoch", this.trace.indexAt(from)) };
    }));
  }

  /** A field of all lanes with its bounds, to be drawn as curves; null if it is no number. @param {string} name */
  curve(name) {
    const known = this.curves.get(name);
    if (known !== undefined) return known;
    const lanes = this.byLane.map((_, lane) => this.spans(lane, name).filter(({ value }) => value !== ""));
    const values = lanes.flat().map(({ value }) => (/^-?\d+(\.\d+)?$/.test(value) ? Number(value) : NaN));
    const [low, high] = [values.reduce((x, y) => Math.min(x, y), Infinity), values.reduce((x, y) => Math.max(x, y), -Infinity)];
    const curve = low <= high ? { lanes, low, high } : null;
    this.curves.set(name, curve);
    return curve;
  }
}

const SLICE_LIMIT = 2000;
const SLICE_READABLE = 40;
const SLICE_HOPS = 40;

/**
 * The events at most `hops` causes before or effects after `event`, with their distance: negative for causes.
 * @param {Trace} trace @param {number} event @param {number} hops
 * @returns {Map<number, number>}
 */
function causalSlice(trace, event, hops) {
  const slice = new Map([[event, 0]]);
  for (let at = trace.cause[event], hop = 1; at >= 0 && hop <= hops; at = trace.cause[at], hop++) slice.set(at, -hop);
  let edge = [event];
  for (let hop = 1; hop <= hops && edge.length > 0; hop++) {
    /** @type {number[]} */
    const next = [];
    for (const from of edge) {
      for (const effect of trace.effectsOf(from)) {
        if (slice.size >= SLICE_LIMIT) return slice;
        slice.set(effect, hop);
        next.push(effect);
      }
    }
    edge = next;
  }
  return slice;
}

/** The most hops whose slice is still readable, and at least one. @param {Trace} trace @param {number} event */
function readableHops(trace, event) {
  let before = 0;
  for (let hops = 1; hops <= SLICE_HOPS; hops++) {
    const size = causalSlice(trace, event, hops).size;
    if (size > SLICE_READABLE) return Math.max(1, hops - 1);
    if (size === before) return Math.max(1, hops - 1);
    before = size;
  }
  return SLICE_HOPS;
}

const CHUNK = 256;

/** The events that pass the filters, indexed by time, so that a window is counted without looking at all of them. */
class Shown {
  /** @param {Trace} trace @param {(event: number) => boolean} passes */
  constructor(trace, passes) {
    this.trace = trace;
    this.mask = new Uint8Array(trace.count);
    /** @type {number[]} */
    this.events = [];
    for (let i = 0; i < trace.count; i++) {
      if (!passes(i)) continue;
      this.mask[i] = 1;
      this.events.push(i);
    }
    const timesOf = (/** @type {number[]} */ events) => events.map((i) => trace.time[i]);
    this.times = timesOf(this.events);
    this.lanes = trace.laneEvents.map((all) => {
      const events = all.filter((i) => this.mask[i]);
      return { events, times: timesOf(events) };
    });
    /** The earliest sending of each chunk finds the lines that begin before a window's end and end after it. */
    this.earliest = new Float64Array(Math.ceil(this.events.length / CHUNK)).fill(Infinity);
    /** How many of the first i events have a line. */
    this.linesBefore = new Int32Array(this.events.length + 1);
    this.events.forEach((event, i) => {
      const line = trace.hasLine(event);
      this.linesBefore[i + 1] = this.linesBefore[i] + (line ? 1 : 0);
      const chunk = Math.floor(i / CHUNK);
      if (line) this.earliest[chunk] = Math.min(this.earliest[chunk], trace.time[trace.cause[event]]);
    });
  }

  /** The half-open range of places in `events` whose time is in [from, to]. @param {number} from @param {number} to @returns {[number, number]} */
  range(from, to) {
    const first = lowerBound(this.times, from);
    return [first, lowerBound(this.times, to + 1, first)];
  }

  /** How many shapes the window would need: events, and lines that end in it. @param {number} from @param {number} to */
  shapes(from, to) {
    const [first, last] = this.range(from, to);
    return last - first + this.linesBefore[last] - this.linesBefore[first];
  }

  /** The events with a line that crosses the window: it begins before its end, and ends in it or later. @param {number} from @param {number} to */
  lines(from, to) {
    const { trace, events } = this;
    const found = [];
    const [first, last] = this.range(from, to);
    for (let i = first; i < events.length; i++) {
      if (i >= last && i % CHUNK === 0 && this.earliest[i / CHUNK] > to) i += CHUNK - 1;
      else if (trace.hasLine(events[i]) && trace.time[trace.cause[events[i]]] <= to) found.push(events[i]);
    }
    return found;
  }

  /** The event of a lane that is nearest in time; -1 if it has none. @param {number} lane @param {number} time */
  nearest(lane, time) {
    const { events, times } = this.lanes[lane] ?? { events: [], times: [] };
    const after = lowerBound(times, time);
    if (after >= times.length) return events.length > 0 ? events[events.length - 1] : -1;
    return after > 0 && time - times[after - 1] <= times[after] - time ? events[after - 1] : events[after];
  }
}

/** How many of the times fall into each of `bins` equal parts of [from, to). @param {number[]} times @param {number} from @param {number} to @param {number} bins */
function densityOf(times, from, to, bins) {
  const counts = new Uint32Array(bins);
  const step = (to - from) / bins;
  let at = lowerBound(times, from);
  for (let bin = 0; bin < bins && at < times.length; bin++) {
    const next = lowerBound(times, from + (bin + 1) * step, at);
    counts[bin] = next - at;
    at = next;
  }
  return counts;
}
