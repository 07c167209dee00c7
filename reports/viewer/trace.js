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
 * Whole numbers that may be -1, for none, and must be below a bound.
 * @param {Float64Array} numbers @param {number} below @param {string} name @param {(n: number, i: number) => number} of
 */
function indices(numbers, below, name, of = (n) => n) {
  const found = new Int32Array(numbers.length);
  for (let i = 0; i < found.length; i++) {
    const index = of(numbers[i], i);
    if (index < -1 || index >= below) throw new Error(`Column ${name} points to ${index}; there are ${below}.`);
    found[i] = index;
  }
  return found;
}

/** Where 0 says none and 1 says the first. @param {number} n */
const optional = (n) => n - 1;

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
  for (let i = 0; i < causes.length; i++) if (causes[i] >= 0) effects[next[causes[i]]++] = i;
  return { start, effects };
}

/** @param {Int32Array} lanes @param {number} count */
function eventsByLane(lanes, count) {
  const sizes = new Int32Array(count);
  for (const lane of lanes) sizes[lane]++;
  const events = Array.from(sizes, (size) => new Int32Array(size));
  sizes.fill(0);
  for (let i = 0; i < lanes.length; i++) events[lanes[i]][sizes[lanes[i]]++] = i;
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
    this.kind = indices(column("kind", count), run.kinds.length, "kind");
    this.lane = indices(column("lane", count), run.lanes.length, "lane");
    this.label = indices(column("label", count), run.labels.length, "label", optional);
    this.detail = indices(column("detail", count), run.details.length, "detail", optional);
    this.flags = new Uint8Array(column("flags", count));
    this.cause = indices(column("cause", count), count, "cause", (n, i) => (n === 0 ? -1 : n > i ? -2 : i - n));
    const changes = column("change_event").length;
    this.changeEvent = indices(summed(column("change_event")), count, "change_event");
    this.changeField = indices(column("change_field", changes), run.fields.length, "change_field");
    this.changeValue = indices(column("change_value", changes), run.values.length, "change_value");
    const lost = column("lost_event").length;
    this.lostEvent = indices(summed(column("lost_event")), count, "lost_event");
    this.lostTo = indices(column("lost_to", lost), run.lanes.length, "lost_to");
    this.lostLabel = indices(column("lost_label", lost), run.labels.length, "lost_label", optional);
    this.lostWhy = indices(column("lost_why", lost), run.labels.length, "lost_why", optional);
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
