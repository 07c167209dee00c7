"use strict";
// The one place that knows what is looked at. Parts of the page ask it to change that, and are told what changed.

/** @typedef {keyof ViewState} Key */
/** @typedef {{update(changed: Set<Key>): void}} Part */

/** @type {Key[]} */
const FILTERS = ["hiddenKinds", "hiddenLabels", "routine"];
const SHORTEST_WINDOW = 1000;

class App {
  /** @param {PageHeader} header @param {Trace[]} traces */
  constructor(header, traces) {
    this.header = header;
    this.traces = traces;
    this.states = traces.map((trace) => new States(trace));
    this.shifts = shiftsOf(header, traces);
    /** @type {[number, number]} the whole of all runs on the common axis */
    this.extent = [Math.min(...this.shifts), Math.max(...traces.map((trace, i) => Math.max(1, trace.run.end) + this.shifts[i]))];
    this.initial = initialState(traces, header.diverges, this.shifts);
    this.view = readAddress(location.hash, this.initial, traces);
    this.operations = traces.map(({ run, time }) => ({
      from: Float64Array.from(run.operations, (operation) => time[operation.from]),
      to: Float64Array.from(run.operations, (operation) => (operation.to === null ? run.end : time[operation.to])),
    }));
    this.shown = traces.map((trace) => this.filtered(trace));
    /** @type {Int32Array[]} */
    this.hits = this.search();
    /** @type {Map<number, number> | null} */
    this.slice = this.sliced();
    /** @type {Part[]} */
    this.parts = [];
    /** @type {Set<Key>} */
    this.changed = new Set();
    this.palette = new Palette(document.documentElement, traces);
    this.saving = 0;
    addEventListener("popstate", () => this.restore());
    addEventListener("hashchange", () => this.restore());
  }

  get runs() {
    return this.view.runs === "both" ? [0, 1] : [Number(this.view.runs)];
  }

  /** The run that panels speak of when they speak of one. */
  get active() {
    const asked = this.view.selected?.[0] ?? this.view.lane?.[0];
    return asked !== undefined && this.runs.includes(asked) ? asked : this.runs[0];
  }

  /**
   * @param {Partial<ViewState>} patch
   * @param {boolean} step whether going back shall undo it
   */
  change(patch, step = false) {
    const next = { ...this.view, ...patch };
    const keys = /** @type {Key[]} */ (Object.keys(patch)).filter((key) => JSON.stringify(this.view[key]) !== JSON.stringify(next[key]));
    if (keys.length === 0) return;
    if (step) this.save();
    this.view = next;
    this.derive(keys);
    if (step) {
      this.write("pushState");
    } else {
      clearTimeout(this.saving);
      // Browsers refuse an address that changes with every frame.
      this.saving = setTimeout(() => this.save(), 200);
    }
  }

  /** Works out again what depends on `keys`, and has it drawn. @param {Key[]} keys */
  derive(keys) {
    const filters = keys.some((key) => FILTERS.includes(key));
    if (filters) this.shown = this.traces.map((trace) => this.filtered(trace));
    if (filters || keys.includes("query")) this.hits = this.search();
    if (keys.includes("selected") || keys.includes("hops")) this.slice = this.sliced();
    if (this.changed.size === 0) requestAnimationFrame(() => this.draw());
    for (const key of keys) this.changed.add(key);
  }

  draw() {
    const { changed } = this;
    this.changed = new Set();
    if (changed.has("theme")) this.dress();
    for (const part of this.parts) part.update(changed);
  }

  /** Everything anew, such as at first or when the theme of the system changes. */
  refresh() {
    this.dress();
    this.changed = new Set();
    const all = new Set(/** @type {Key[]} */ (Object.keys(this.view)));
    for (const part of this.parts) part.update(all);
  }

  dress() {
    document.documentElement.dataset.theme = this.view.theme;
    this.palette = new Palette(document.documentElement, this.traces);
  }

  /** @param {"pushState" | "replaceState"} how */
  write(how) {
    const address = `#${writeAddress(this.view, this.initial)}`;
    if (address === (location.hash || "#")) return;
    try {
      history[how](null, "", address);
    } catch {
      // A page inside another may have no history of its own.
    }
  }

  save() {
    clearTimeout(this.saving);
    this.write("replaceState");
  }

  restore() {
    clearTimeout(this.saving);
    const before = this.view;
    this.view = readAddress(location.hash, this.initial, this.traces);
    const keys = /** @type {Key[]} */ (Object.keys(before)).filter((key) => JSON.stringify(before[key]) !== JSON.stringify(this.view[key]));
    if (keys.length > 0) this.derive(keys);
  }

  /** @param {Trace} trace */
  filtered(trace) {
    const { hiddenKinds, hiddenLabels, routine } = this.view;
    const kinds = trace.run.kinds.map((kind) => !hiddenKinds.includes(kind));
    const labels = trace.run.labels.map((label) => !hiddenLabels.includes(label));
    return new Shown(trace, (i) => kinds[trace.kind[i]] && (trace.label[i] < 0 || labels[trace.label[i]]) && (routine || !(trace.flags[i] & ROUTINE)));
  }

  /** The shown events whose kind, label or details contain the words. */
  search() {
    const words = this.view.query.trim().toLowerCase();
    return this.traces.map(({ run, kind, label, detail }, i) => {
      if (words === "") return new Int32Array(0);
      const [kinds, labels, details] = [run.kinds, run.labels, run.details].map((texts) => texts.map((text) => text.toLowerCase().includes(words)));
      return this.shown[i].events.filter((event) => kinds[kind[event]] || labels[label[event]] || details[detail[event]]);
    });
  }

  sliced() {
    const { selected } = this.view;
    return selected && causalSlice(this.traces[selected[0]], selected[1], this.hops(selected));
  }

  /** @param {Ref} selected */
  hops(selected) {
    return this.view.hops ?? readableHops(this.traces[selected[0]], selected[1]);
  }

  /**
   * The last event of a run that has happened at the cursor. Of events of one moment, the selected one.
   * @param {number} run
   */
  now(run) {
    const { selected, cursor } = this.view;
    const trace = this.traces[run];
    const time = cursor - this.shifts[run];
    return selected && selected[0] === run && trace.time[selected[1]] === time ? selected[1] : trace.indexAt(time);
  }

  /**
   * Selects an event and brings it into the window.
   * @param {Ref | null} selected @param {Partial<ViewState>} more
   */
  select(selected, more = {}) {
    if (!selected) {
      this.change({ selected, ...more }, true);
      return;
    }
    const [run, event] = selected;
    const trace = this.traces[run];
    const at = trace.time[event] + this.shifts[run];
    /** @type {Ref} */
    const lane = [run, trace.lane[event]];
    const runs = this.runs.includes(run) ? this.view.runs : run === 0 ? "0" : "1";
    this.change({ selected, cursor: at, lane, runs, hops: null, side: this.view.side === "state" ? "state" : "event", ...this.windowOver(at), ...more }, true);
    announce(`${trace.kindOf(event)} ${trace.labelOf(event)} on ${trace.laneName(event)} at ${clock(trace.time[event])}`);
  }

  /** The window, moved so that a time is inside. @param {number} time @returns {Partial<ViewState>} */
  windowOver(time) {
    const { from, to } = this.view;
    const margin = (to - from) * 0.06;
    if (time >= from + margin && time <= to - margin) return {};
    return this.windowOf(time - (to - from) / 2, time + (to - from) / 2);
  }

  /** A window within bounds. @param {number} from @param {number} to @returns {{from: number, to: number}} */
  windowOf(from, to) {
    const [first, last] = this.extent;
    const whole = last - first;
    const span = Math.min(Math.max(to - from, SHORTEST_WINDOW), whole * 1.04);
    const start = Math.min(Math.max((from + to - span) / 2, first - whole * 0.02), last + whole * 0.02 - span);
    return { from: Math.floor(start), to: Math.max(Math.ceil(start + span), Math.floor(start) + 1) };
  }

  /** @param {number} factor smaller is nearer @param {number} around */
  zoom(factor, around) {
    const { from, to } = this.view;
    this.change(this.windowOf(around - (around - from) * factor, around + (to - around) * factor));
  }

  /** @param {number} share of the window */
  pan(share) {
    const { from, to } = this.view;
    const by = (to - from) * share;
    this.change(this.windowOf(from + by, to + by));
  }

  fit() {
    const [first, last] = this.extent;
    const margin = (last - first) * 0.01;
    this.change(this.windowOf(first - margin, last + margin));
  }

  goToViolation() {
    const run = this.traces[this.active].run.violation ? this.active : this.traces.findIndex((trace) => trace.run.violation);
    const violation = this.traces[run]?.run.violation;
    if (!violation) {
      announce("No property was violated.");
      return;
    }
    const [from, to, cursor] = openingWindow(this.traces[run]);
    const shift = this.shifts[run];
    const window = { from: from + shift, to: to + shift, cursor: cursor + shift };
    if (violation.event === null) this.change(window, true);
    else this.select([run, violation.event], window);
  }

  goToDivergence() {
    const { diverges } = this.header;
    if (!diverges) return;
    const at = this.traces[0].time[Math.min(diverges.at[0], this.traces[0].count - 1)];
    const { from, to } = this.view;
    this.change({ runs: "both", cursor: at, ...this.windowOf(at - (to - from) / 2, at + (to - from) / 2) }, true);
  }

  /** @returns {Panel[]} */
  panels(/** @type {Row[]} */ rows) {
    return this.runs.map((run) => {
      /** @type {(Row | undefined)[]} */
      const places = this.traces[run].run.lanes.map(() => undefined);
      for (const row of rows) if (row.run === run && row.lane >= 0) places[row.lane] = row;
      const slice = this.view.selected?.[0] === run ? this.slice : null;
      return { run, trace: this.traces[run], states: this.states[run], shown: this.shown[run], shift: this.shifts[run], slice, hits: this.hits[run], rows: places, operations: this.operations[run] };
    });
  }
}

/**
 * How much later each run is drawn than it was, so that both stand at the same place where they diverge.
 * @param {PageHeader} header @param {Trace[]} traces
 */
function shiftsOf({ diverges }, traces) {
  if (!diverges || traces.length < 2) return traces.map(() => 0);
  const [a, b] = traces.map((trace, i) => trace.time[Math.min(diverges.at[i], trace.count - 1)] ?? 0);
  return [0, a - b];
}
