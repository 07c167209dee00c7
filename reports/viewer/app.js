"use strict";
// The one place that knows what is looked at. Panes of the page ask it to change that, and are told what changed.

const SHORTEST_WINDOW = 1000;

class Pane {
  /** @param {App} app @param {HTMLElement} place */
  constructor(app, place) {
    this.app = app;
    this.place = place;
    app.panes.push(this);
  }

  update() {}

  /** Draws anew in the colours of now. */
  paint() {}
}

class App {
  /** @param {PageHeader} header @param {Trace[]} traces */
  constructor(header, traces) {
    this.header = header;
    this.traces = traces;
    this.states = traces.map((trace) => new States(trace));
    this.shifts = shiftsOf(header, traces);
    /** The whole of all runs, on the common axis. */
    this.first = Math.min(...this.shifts);
    this.last = Math.max(...traces.map((trace, i) => Math.max(1, trace.run.end) + this.shifts[i]));
    this.initial = initialState(traces, this.shifts);
    this.view = readAddress(location.hash, this.initial, traces);
    this.shown = traces.map((trace) => this.filtered(trace));
    this.hits = this.search();
    this.slice = this.sliced();
    this.palette = new Palette(traces);
    /** @type {Pane[]} */
    this.panes = [];
    /** @type {Set<Key>} */
    this.changed = new Set();
    this.saving = 0;
    for (const moved of ["popstate", "hashchange"]) addEventListener(moved, () => this.take(readAddress(location.hash, this.initial, traces)));
  }

  /** */
  get runs() {
    return this.view.runs === "both" ? [0, 1] : [Number(this.view.runs)];
  }

  /** The run that panes speak of when they speak of one. */
  get active() {
    const asked = this.view.selected?.[0] ?? this.view.lane?.[0];
    return asked !== undefined && this.runs.includes(asked) ? asked : this.runs[0];
  }

  /** @param {Partial<ViewState>} patch @param {boolean} step whether going back shall undo it */
  change(patch, step = false) {
    if (step) this.save();
    if (!this.take({ ...this.view, ...patch })) return;
    clearTimeout(this.saving);
    if (step) this.save("pushState");
    // Browsers refuse an address that changes with every frame.
    else this.saving = setTimeout(() => this.save(), 200);
  }

  /** Works out again what depends on what differs, and has it drawn. @param {ViewState} view @returns whether anything differs */
  take(view) {
    const keys = /** @type {Key[]} */ (Object.keys(view)).filter((key) => JSON.stringify(this.view[key]) !== JSON.stringify(view[key]));
    this.view = view;
    if (keys.length === 0) return false;
    if (this.changed.size === 0) requestAnimationFrame(() => this.draw());
    for (const key of keys) this.changed.add(key);
    const filters = keys.some((key) => key === "hiddenKinds" || key === "hiddenLabels" || key === "routine");
    if (filters) this.shown = this.traces.map((trace) => this.filtered(trace));
    if (filters || keys.includes("query")) this.hits = this.search();
    if (keys.includes("selected") || keys.includes("hops")) this.slice = this.sliced();
    return true;
  }

  /** @param {...Key} keys */
  touched(...keys) {
    return keys.some((key) => this.changed.has(key));
  }

  draw() {
    try {
      if (this.touched("theme")) this.dress(this.view.theme);
      for (const pane of this.panes) pane.update();
    } finally {
      this.changed = new Set();
    }
  }

  refresh() {
    this.changed = new Set(/** @type {Key[]} */ (Object.keys(this.view)));
    this.draw();
  }

  /** @param {Theme} theme */
  dress(theme) {
    document.documentElement.dataset.theme = theme;
    this.palette = new Palette(this.traces);
  }

  /** @param {"pushState" | "replaceState"} how */
  save(how = "replaceState") {
    clearTimeout(this.saving);
    const address = `#${writeAddress(this.view, this.initial)}`;
    if (address === (location.hash || "#")) return;
    try {
      history[how](null, "", address);
    } catch {
      // A page inside another may have no history of its own.
    }
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
      if (words === "") return [];
      const [kinds, labels, details] = [run.kinds, run.labels, run.details].map((texts) => texts.map((text) => text.toLowerCase().includes(words)));
      return this.shown[i].events.filter((event) => kinds[kind[event]] || labels[label[event]] || details[detail[event]]);
    });
  }

  sliced() {
    const { selected } = this.view;
    return selected && causalSlice(this.traces[selected[0]], selected[1], this.hops(selected));
  }

  /** @param {Ref} selected */
  hops([run, event]) {
    return this.view.hops ?? readableHops(this.traces[run], event);
  }

  /** The last event of a run that has happened at the cursor. Of events of one moment, the selected one. @param {number} run */
  now(run) {
    const { selected, cursor } = this.view;
    const trace = this.traces[run];
    const time = cursor - this.shifts[run];
    return selected?.[0] === run && trace.time[selected[1]] === time ? selected[1] : trace.indexAt(time);
  }

  /** Selects an event and brings it into the window. @param {Ref | null} selected @param {Partial<ViewState>} more */
  select(selected, more = {}) {
    if (!selected) {
      this.change({ selected, ...more }, true);
      return;
    }
    const [run, event] = selected;
    const trace = this.traces[run];
    const cursor = trace.time[event] + this.shifts[run];
    const runs = this.runs.includes(run) ? this.view.runs : run === 0 ? "0" : "1";
    const side = this.view.side === "state" ? "state" : "event";
    this.change({ selected, cursor, lane: [run, trace.lane[event]], runs, hops: null, side, ...this.windowOver(cursor), ...more }, true);
    announce(`${trace.words(event)} on ${trace.laneName(event)} at ${clock(trace.time[event])}`);
  }

  /** The window, moved if need be so that a time is inside. @param {number} time */
  windowOver(time) {
    const { from, to } = this.view;
    const margin = (to - from) * 0.06;
    return time >= from + margin && time <= to - margin ? {} : this.windowAround(time);
  }

  /** @param {number} time */
  windowAround(time) {
    const half = (this.view.to - this.view.from) / 2;
    return this.windowOf(time - half, time + half);
  }

  /** @param {number} from @param {number} to */
  windowOf(from, to) {
    const whole = this.last - this.first;
    const span = Math.min(Math.max(to - from, SHORTEST_WINDOW), whole * 1.04);
    const start = Math.min(Math.max((from + to - span) / 2, this.first - whole * 0.02), this.last + whole * 0.02 - span);
    return { from: Math.floor(start), to: Math.max(Math.ceil(start + span), Math.floor(start) + 1) };
  }

  /** @param {number} factor smaller is nearer @param {number} around the cursor if it is in the window, or else the middle */
  zoom(factor, around = NaN) {
    const { from, to, cursor } = this.view;
    const fixed = !Number.isNaN(around) ? around : cursor > from && cursor < to ? cursor : (from + to) / 2;
    this.change(this.windowOf(fixed - (fixed - from) * factor, fixed + (to - fixed) * factor));
  }

  /** @param {number} share of the window */
  pan(share) {
    const { from, to } = this.view;
    this.change(this.windowOf(from + (to - from) * share, to + (to - from) * share));
  }

  fit() {
    const margin = (this.last - this.first) * 0.01;
    this.change(this.windowOf(this.first - margin, this.last + margin));
  }

  goToViolation() {
    const run = this.traces[this.active].run.violation ? this.active : this.traces.findIndex((trace) => trace.run.violation);
    if (run < 0) {
      announce("No property was violated.");
      return;
    }
    const [from, to, cursor] = openingWindow(this.traces[run]).map((time) => time + this.shifts[run]);
    const event = this.traces[run].run.violation?.event ?? null;
    if (event === null) this.change({ from, to, cursor }, true);
    else this.select([run, event], { from, to });
  }

  goToDivergence() {
    const at = this.header.diverges?.at[0];
    if (at === undefined) return;
    const cursor = this.traces[0].time[Math.min(at, this.traces[0].count - 1)];
    this.change({ runs: "both", cursor, ...this.windowAround(cursor) }, true);
  }
}

/** How much later each run is drawn than it was, so that both stand at the same place where they diverge. @param {PageHeader} header @param {Trace[]} traces */
function shiftsOf({ diverges }, traces) {
  if (!diverges || traces.length < 2) return traces.map(() => 0);
  const [a, b] = traces.map((trace, i) => trace.time[Math.min(diverges.at[i], trace.count - 1)] ?? 0);
  return [0, a - b];
}
