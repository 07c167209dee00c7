"use strict";
// Reads what the page carries: base64 of gzip of a header and of columns of LEB128 numbers.

const FORMAT = 1;

/** @param {string} base64 */
function bytesOfBase64(base64) {
  const text = atob(base64.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function gunzip(bytes) {
  if (typeof DecompressionStream === "undefined") throw new Error("This browser is too old: it cannot decompress gzip.");
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Decodes `count` unsigned numbers. They may be as large as 2^53, so that shifts, which are of 32 bits, do not do.
 * @param {Uint8Array} bytes @param {number} offset @param {number} length @param {number} count
 * @param {string} name for messages
 */
function varints(bytes, offset, length, count, name) {
  const end = offset + length;
  if (end > bytes.length) throw new Error(`Column ${name} reaches beyond the data.`);
  const numbers = new Float64Array(count);
  let at = offset;
  for (let i = 0; i < count; i++) {
    let byte = at < end ? bytes[at++] : 128;
    let value = byte & 127;
    for (let weight = 128; byte >= 128; weight *= 128) {
      if (at >= end) throw new Error(`Column ${name} ends after ${i} of ${count} numbers.`);
      byte = bytes[at++];
      value += (byte & 127) * weight;
    }
    if (value > Number.MAX_SAFE_INTEGER) throw new Error(`Column ${name} has a number that is too large.`);
    numbers[i] = value;
  }
  if (at !== end) throw new Error(`Column ${name} has ${end - at} bytes too many.`);
  return numbers;
}

/** @param {string} base64 */
async function readPage(base64) {
  let bytes;
  try {
    bytes = await gunzip(bytesOfBase64(base64));
  } catch (error) {
    throw new Error(`The data cannot be unpacked (${error instanceof Error ? error.message : error}).`, { cause: error });
  }
  const length = bytes.length < 4 ? Infinity : new DataView(bytes.buffer).getUint32(0, true);
  if (4 + length > bytes.length) throw new Error("The data is cut off within its header.");
  /** @type {PageHeader} */
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  if (header.page !== FORMAT) throw new Error(`The data has format ${header.page}; this page reads format ${FORMAT}.`);
  const columns = bytes.subarray(4 + length);
  const traces = header.runs.map((run) => {
    /** @type {Record<string, Float64Array>} */
    const read = {};
    for (const [name, [offset, size, count]] of Object.entries(run.columns)) {
      read[name] = varints(columns, offset, size, count, name);
    }
    return new Trace(run, read);
  });
  return { header, traces };
}

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

/** Increases to values, in place. @param {Float64Array} numbers */
function summed(numbers) {
  for (let i = 1; i < numbers.length; i++) numbers[i] += numbers[i - 1];
  return numbers;
}

/** The place of what is next after a value, or before it. @param {number[]} sorted @param {number} value @param {number} step */
function beside(sorted, value, step) {
  return step > 0 ? lowerBound(sorted, value + 1) : lowerBound(sorted, value) - 1;
}

const ROUTINE = 1;
const DUPLICATE = 2;
const HELD = 4;

/** @param {number} n where 0 says none, and 1 the first */
const optional = (n) => n - 1;

class Trace {
  /** @param {RunHeader} run @param {Record<string, Float64Array>} read */
  constructor(run, read) {
    /** @param {string} name @param {number} length */
    const column = (name, length) => {
      const numbers = read[name];
      if (!numbers) throw new Error(`Column ${name} is missing.`);
      if (numbers.length !== length) throw new Error(`Column ${name} has ${numbers.length} entries, not ${length}.`);
      return numbers;
    };
    /** Whole numbers below a bound; -1 is none. @param {string} name @param {number} length @param {number} below @param {(n: number, i: number) => number} of */
    const indices = (name, length, below, of = (n) => n) => {
      const numbers = column(name, length);
      const found = new Int32Array(length);
      for (let i = 0; i < length; i++) {
        found[i] = of(numbers[i], i);
        if (found[i] < -1 || found[i] >= below) throw new Error(`Column ${name} points to ${found[i]}; there are ${below}.`);
      }
      return found;
    };
    const [count, changes, lost] = ["time", "change_event", "lost_event"].map((name) => (read[name] ? summed(read[name]).length : 0));
    this.run = run;
    this.count = count;
    this.time = column("time", count);
    this.id = summed(column("id", count));
    this.kind = indices("kind", count, run.kinds.length);
    this.lane = indices("lane", count, run.lanes.length);
    this.label = indices("label", count, run.labels.length, optional);
    this.detail = indices("detail", count, run.details.length, optional);
    this.flags = new Uint8Array(column("flags", count));
    this.cause = indices("cause", count, count, (n, i) => (n === 0 ? -1 : n > i ? -2 : i - n));
    this.changeEvent = indices("change_event", changes, count);
    this.changeField = indices("change_field", changes, run.fields.length);
    this.changeValue = indices("change_value", changes, run.values.length);
    this.lostEvent = indices("lost_event", lost, count);
    this.lostTo = indices("lost_to", lost, run.lanes.length);
    this.lostLabel = indices("lost_label", lost, run.labels.length, optional);
    this.lostWhy = indices("lost_why", lost, run.labels.length, optional);
    for (const span of [...run.faults, ...run.down]) span.to ??= run.end;
    for (const operation of run.operations) {
      operation.start = this.time[operation.from];
      operation.end = operation.to === null ? run.end : this.time[operation.to];
    }
    /** @type {number[][]} by cause; sparse */
    this.effects = [];
    /** @type {number[][]} */
    this.laneEvents = run.lanes.map(() => []);
    for (let i = 0; i < count; i++) {
      this.laneEvents[this.lane[i]].push(i);
      if (this.cause[i] >= 0) (this.effects[this.cause[i]] ??= []).push(i);
    }
  }

  /** @param {number} event */
  effectsOf(event) {
    return this.effects[event] ?? [];
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
  words(event) {
    return [this.kindOf(event), this.labelOf(event)].filter(Boolean).join(" ");
  }

  /** @param {number} event */
  laneName(event) {
    return this.run.lanes[this.lane[event]].name;
  }

  /** The last event at `time` or before it; -1 if there is none. @param {number} time */
  indexAt(time) {
    return lowerBound(this.time, time + 1) - 1;
  }

  /** Whether the event came by a line from another lane. @param {number} event */
  hasLine(event) {
    const cause = this.cause[event];
    return cause >= 0 && this.lane[cause] !== this.lane[event];
  }
}
