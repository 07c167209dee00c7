"use strict";
// One run in memory: its events as arrays, and the indices that drawing and stepping need.

/**
 * The first place in `sorted[from..to]` whose value is at least `value`.
 * @param {ArrayLike<number>} sorted @param {number} value @param {number} from @param {number} to
 */
function lowerBound(sorted, value, from = 0, to = sorted.length) {
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (sorted[middle] < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

/**
 * Increases to values, in place.
 * @param {Float64Array} numbers
 */
function summed(numbers) {
  for (let i = 1; i < numbers.length; i++) numbers[i] += numbers[i - 1];
  return numbers;
}

/**
 * Indices that are stored as index + 1, where 0 is none, which becomes -1.
 * @param {Float64Array} numbers
 */
function optional(numbers) {
  return Int32Array.from(numbers, (n) => n - 1);
}

/** @param {Int32Array} indices @param {number} below @param {string} name */
function inRange(indices, below, name) {
  for (const index of indices) {
    if (index < -1 || index >= below) throw new Error(`Column ${name} points to ${index}; there are ${below}.`);
  }
  return indices;
}

const ROUTINE = 1;
const DUPLICATE = 2;
const HELD = 4;

/**
 * The effects of event i are `effects[start[i] .. start[i + 1]]`.
 * @param {Int32Array} causes
 */
function effectsByCause(causes) {
  const start = new Int32Array(causes.length + 1);
  for (const cause of causes) if (cause >= 0) start[cause + 1]++;
  for (let i = 0; i < causes.length; i++) start[i + 1] += start[i];
  const next = start.slice();
  const effects = new Int32Array(start[causes.length]);
  causes.forEach((cause, i) => {
    if (cause >= 0) effects[next[cause]++] = i;
  });
  return { start, effects };
}

/** @param {Int32Array} lanes @param {number} count */
function eventsByLane(lanes, count) {
  const sizes = new Int32Array(count);
  for (const lane of lanes) sizes[lane]++;
  const events = Array.from(sizes, (size) => new Int32Array(size));
  sizes.fill(0);
  lanes.forEach((lane, i) => {
    events[lane][sizes[lane]++] = i;
  });
  return events;
}

class Trace {
  /** @param {RunHeader} run @param {Record<string, Float64Array>} read */
  constructor(run, read) {
    const count = read.time?.length ?? 0;
    /** @param {string} name @param {number} [length] */
    const column = (name, length) => {
      const numbers = read[name];
      if (!numbers) throw new Error(`Column ${name} is missing.`);
      if (length !== undefined && numbers.length !== length) {
        throw new Error(`Column ${name} has ${numbers.length} entries, not ${length}.`);
      }
      return numbers;
    };
    this.run = run;
    this.count = count;
    this.time = summed(column("time"));
    this.id = summed(column("id", count));
    this.kind = inRange(Int32Array.from(column("kind", count)), run.kinds.length, "kind");
    this.lane = inRange(Int32Array.from(column("lane", count)), run.lanes.length, "lane");
    this.label = inRange(optional(column("label", count)), run.labels.length, "label");
    this.detail = inRange(optional(column("detail", count)), run.details.length, "detail");
    this.flags = Uint8Array.from(column("flags", count));
    const back = column("cause", count);
    this.cause = inRange(Int32Array.from(back, (n, i) => (n === 0 ? -1 : n > i ? -2 : i - n)), count, "cause");
    const changes = column("change_event").length;
    this.changeEvent = inRange(Int32Array.from(summed(column("change_event"))), this.count, "change_event");
    this.changeField = inRange(Int32Array.from(column("change_field", changes)), run.fields.length, "change_field");
    this.changeValue = inRange(Int32Array.from(column("change_value", changes)), run.values.length, "change_value");
    const lost = column("lost_event").length;
    this.lostEvent = inRange(Int32Array.from(summed(column("lost_event"))), this.count, "lost_event");
    this.lostTo = inRange(Int32Array.from(column("lost_to", lost)), run.lanes.length, "lost_to");
    this.lostLabel = inRange(optional(column("lost_label", lost)), run.labels.length, "lost_label");
    this.lostWhy = inRange(optional(column("lost_why", lost)), run.labels.length, "lost_why");
    const effects = effectsByCause(this.cause);
    this.effectStart = effects.start;
    this.effects = effects.effects;
    this.laneEvents = eventsByLane(this.lane, run.lanes.length);
  }

  /** @param {number} event */
  effectsOf(event) {
    return this.effects.subarray(this.effectStart[event], this.effectStart[event + 1]);
  }

  /** @param {number} event */
  kindOf(event) {
    return this.run.kinds[this.kind[event]];
  }

  /** @param {number} event */
  labelOf(event) {
    return this.label[event] < 0 ? "" : this.run.labels[this.label[event]];
  }

  /** @param {number} event */
  laneName(event) {
    return this.run.lanes[this.lane[event]].name;
  }

  /**
   * The last event at `time` or before it; -1 if there is none.
   * @param {number} time
   */
  indexAt(time) {
    return lowerBound(this.time, time + 1) - 1;
  }

  /**
   * Whether the event came by a line from another lane.
   * @param {number} event
   */
  hasLine(event) {
    const cause = this.cause[event];
    return cause >= 0 && this.lane[cause] !== this.lane[event];
  }
}
