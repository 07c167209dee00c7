"use strict";
// The whole run in a strip, and the window on it.

const STRIP = 44;
const LEADERS = 13;

class Overview extends Pane {
  width = 0;
  /** @type {HTMLCanvasElement} */
  canvas = one("canvas", this.place);
  needle = one(".needle");
  brush = one(".brush");

  start() {
    const { place } = this;
    place.addEventListener("pointerdown", (down) => this.drag(down));
    new ResizeObserver(() => {
      this.width = place.clientWidth;
      this.paint();
    }).observe(place);
  }

  /** @param {number} time */
  x(time) {
    return ((time - this.app.first) / (this.app.last - this.app.first)) * this.width;
  }

  update() {
    if (this.app.touched("runs", "theme", "query", "hiddenKinds", "hiddenLabels", "routine")) this.paint();
    this.showWindow();
  }

  showWindow() {
    const { first, last, view } = this.app;
    const { from, to, cursor } = view;
    const x = Math.max(0, this.x(from));
    // However small, it must be possible to see and to take it.
    this.brush.style.left = `${Math.min(x, this.width - 10)}px`;
    this.brush.style.width = `${Math.max(10, Math.min(this.width, this.x(to)) - x)}px`;
    this.needle.style.left = `${this.x(cursor)}px`;
    this.brush.ariaValueNow = String(Math.round((100 * ((from + to) / 2 - first)) / (last - first)));
    this.brush.ariaValueText = windowWords(view);
  }

  /** @param {PointerEvent} down */
  drag(down) {
    const { app, place } = this;
    const left = place.getBoundingClientRect().left;
    const time = (/** @type {PointerEvent} */ event) => app.first + ((event.clientX - left) / this.width) * (app.last - app.first);
    const start = time(down);
    const { from, to } = app.view;
    const target = /** @type {Element} */ (down.target);
    const [grip, moves] = [target.classList.contains("grip"), this.brush === target];
    let moved = false;
    place.setPointerCapture(down.pointerId);
    place.onpointermove = (event) => {
      moved ||= Math.abs(event.clientX - down.clientX) > 3;
      if (!moved) return;
      const by = time(event) - start;
      if (moves) app.change(app.windowOf(from + by, to + by));
      else if (!grip) app.change(app.windowOf(Math.min(start, start + by), Math.max(start, start + by)));
      else if (target.classList.contains("left")) app.change(app.windowOf(Math.min(from + by, to - SHORTEST_WINDOW), to));
      else app.change(app.windowOf(from, Math.max(to + by, from + SHORTEST_WINDOW)));
    };
    place.onpointerup = place.onpointercancel = () => {
      place.onpointermove = place.onpointerup = place.onpointercancel = null;
      if (!moved && !moves && !grip) app.change({ cursor: Math.round(start), ...app.windowAround(start) });
    };
  }

  paint() {
    const { app, width } = this;
    const height = STRIP * app.runs.length;
    this.place.style.height = `${height}px`;
    if (width === 0) return;
    const pen = new Pen(contextOf(this.canvas, width, height), width, height);
    app.runs.forEach((run, i) => this.paintRun(pen, run, i * STRIP));
    this.showWindow();
  }

  /** @param {Pen} pen @param {number} run @param {number} top */
  paintRun(pen, run, top) {
    const { app, width } = this;
    const { ink } = app.palette;
    const trace = app.traces[run];
    const shift = app.shifts[run];
    const place = (/** @type {number} */ time) => this.x(time + shift);
    for (const { from, to, kind } of trace.run.faults) {
      pen.rects([place(from), top + LEADERS, Math.max(1.5, place(to) - place(from)), STRIP - LEADERS], { fill: app.palette.fault(kind), alpha: 0.22 });
    }
    const counts = densityOf(app.shown[run].times, app.first - shift, app.last - shift, Math.floor(width / 2));
    const most = counts.reduce((a, b) => Math.max(a, b), 1);
    counts.forEach((count, bin) => {
      const height = Math.max(1, Math.sqrt(count / most) * (STRIP - LEADERS - 4));
      if (count > 0) pen.rects([bin * 2, top + STRIP - 1 - height, 1.6, height], { fill: ink.message, alpha: 0.75 });
    });
    this.paintLeaders(pen, run, top, place);
    const hits = app.hits[run].filter((_, i, all) => i % Math.ceil(all.length / 1000) === 0);
    for (const hit of hits) pen.rects([place(trace.time[hit]), top + LEADERS, 1.2, 6], { fill: ink.warn });
    /** @param {number} time @param {Stroke} style */
    const mark = (time, style) => pen.segments([place(time), top, place(time), top + STRIP], { width: 2, ...style });
    const { violation } = trace.run;
    if (violation) {
      mark(violation.t, { stroke: ink.danger });
      pen.marks("down", [place(violation.t), top + 6], 6, { fill: ink.danger });
    }
    const at = app.header.diverges?.at[run] ?? trace.count;
    if (at < trace.count) mark(trace.time[at], { stroke: ink.effect, dash: [5, 3] });
    pen.segments([0, top + STRIP - 0.5, width, top + STRIP - 0.5], { stroke: ink.line });
  }

  /**
   * Who led in which epoch. Two leaders at once stand above each other.
   * @param {Pen} pen @param {number} run @param {number} top @param {(time: number) => number} place
   */
  paintLeaders(pen, run, top, place) {
    const { palette, states, traces } = this.app;
    const leaders = states[run].leaders();
    for (const leader of leaders) {
      const rivals = leaders.filter((other) => other !== leader && other.from < leader.to && leader.from < other.to);
      const [x, width] = [place(leader.from), Math.max(1, place(leader.to) - place(leader.from) - 1)];
      const height = rivals.length > 0 ? (LEADERS - 2) / 2 : LEADERS - 2;
      const y = top + 1 + (rivals.some((other) => other.from < leader.from) ? height : 0);
      pen.rects([x, y, width, height], { fill: palette.lanes[leader.lane % LANE_COLOURS] });
      const { name } = traces[run].run.lanes[leader.lane];
      const words = [`${name} leads, epoch ${leader.epoch}`, `${name} · ${leader.epoch}`, leader.epoch].find((text) => pen.measure(text, 10) + 6 < width);
      if (words && rivals.length === 0) pen.text(x + 3, y + height / 2 + 0.5, words, { fill: palette.ink.back, size: 10, bold: true });
    }
  }
}

/** @param {ViewState} view */
function windowWords({ from, to }) {
  return `${clock(from, (to - from) / 100)} to ${clock(to, (to - from) / 100)}`;
}
