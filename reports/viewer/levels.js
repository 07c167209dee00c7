"use strict";
// The events that pass the filters, indexed by time, so that a window is counted without looking at all of them.

const CHUNK = 256;

/** @param {Trace} trace @param {Int32Array} events */
function timesOf(trace, events) {
  const times = new Float64Array(events.length);
  for (let i = 0; i < times.length; i++) times[i] = trace.time[events[i]];
  return times;
}

class Shown {
  /** @param {Trace} trace @param {(event: number) => boolean} passes */
  constructor(trace, passes) {
    this.trace = trace;
    this.mask = new Uint8Array(trace.count);
    for (let i = 0; i < trace.count; i++) this.mask[i] = passes(i) ? 1 : 0;
    this.lanes = trace.laneEvents.map((events) => {
      const shown = events.filter((i) => this.mask[i] === 1);
      return { events: shown, times: timesOf(trace, shown) };
    });
    let count = 0;
    this.events = new Int32Array(this.lanes.reduce((sum, lane) => sum + lane.events.length, 0));
    for (let i = 0; i < trace.count; i++) if (this.mask[i]) this.events[count++] = i;
    this.times = timesOf(trace, this.events);
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

  /**
   * The half-open range of places in `events` whose time is in [from, to].
   * @param {number} from @param {number} to
   * @returns {[number, number]}
   */
  range(from, to) {
    const first = lowerBound(this.times, from);
    return [first, lowerBound(this.times, to + 1, first)];
  }

  /**
   * How many shapes the window would need: events, and lines that end in it.
   * @param {number} from @param {number} to
   */
  shapes(from, to) {
    const [first, last] = this.range(from, to);
    return last - first + this.linesBefore[last] - this.linesBefore[first];
  }

  /**
   * The events with a line that crosses the window: they end in it, or after it though they began before its end.
   * @param {number} from @param {number} to
   * @returns {number[]}
   */
  lines(from, to) {
    const { trace, events } = this;
    const found = [];
    const [first, last] = this.range(from, to);
    for (let i = first; i < last; i++) if (trace.hasLine(events[i])) found.push(events[i]);
    for (let i = last; i < events.length; ) {
      const chunk = Math.floor(i / CHUNK);
      const end = Math.min((chunk + 1) * CHUNK, events.length);
      if (this.earliest[chunk] > to) {
        i = end;
        continue;
      }
      for (; i < end; i++) {
        const event = events[i];
        if (trace.hasLine(event) && trace.time[trace.cause[event]] <= to) found.push(event);
      }
    }
    return found;
  }

  /**
   * How many events of a lane fall into each of `bins` equal parts of [from, to).
   * @param {number} lane @param {number} from @param {number} to @param {number} bins
   */
  density(lane, from, to, bins) {
    return densityOf(this.lanes[lane].times, from, to, bins);
  }

  /**
   * The event of a lane that is nearest in time; -1 if it has none.
   * @param {number} lane @param {number} time
   */
  nearest(lane, time) {
    const { events, times } = this.lanes[lane];
    const after = lowerBound(times, time);
    if (after >= times.length) return events.length > 0 ? events[events.length - 1] : -1;
    return after > 0 && time - times[after - 1] <= times[after] - time ? events[after - 1] : events[after];
  }
}

/** @param {Float64Array} times @param {number} from @param {number} to @param {number} bins */
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
