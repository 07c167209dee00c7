"use strict";
// The whole run in a strip: who led, how much happened, what was broken; and the window, which can be moved and resized.

const STRIP = 44;
const LEADERS = 13;

/** @implements {Part} */
class Overview {
  /** @param {App} app @param {HTMLElement} place */
  constructor(app, place) {
    this.app = app;
    this.place = place;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.brush = h("div", { class: "brush", tabindex: "0", role: "slider", "aria-label": "The window on the run", "aria-valuemin": "0", "aria-valuemax": "100" },
      h("span", { class: "grip left" }), h("span", { class: "grip right" }));
    this.needle = h("div", { class: "needle" });
    place.append(this.canvas, this.needle, this.brush);
    place.addEventListener("pointerdown", (down) => this.drag(down));
    this.width = 50;
    new ResizeObserver(() => {
      this.width = Math.max(50, place.clientWidth);
      this.paint();
    }).observe(place);
  }

  /** @param {number} time */
  x(time) {
    const [first, last] = this.app.extent;
    return ((time - first) / (last - first)) * this.width;
  }

  /** @param {number} x */
  time(x) {
    const [first, last] = this.app.extent;
    return first + (x / this.width) * (last - first);
  }

  /** @param {Set<Key>} changed */
  update(changed) {
    if (["runs", "theme", "query", "hiddenKinds", "hiddenLabels", "routine", "hiddenLanes"].some((key) => changed.has(/** @type {Key} */ (key)))) this.paint();
    this.place_window();
  }

  place_window() {
    const { from, to, cursor } = this.app.view;
    const x = Math.max(0, this.x(from));
    const width = Math.min(this.width, this.x(to)) - x;
    // However small, it must be possible to see and to take it.
    this.brush.style.left = `${Math.min(x, this.width - 10)}px`;
    this.brush.style.width = `${Math.max(10, width)}px`;
    this.needle.style.left = `${this.x(cursor)}px`;
    const [first, last] = this.app.extent;
    this.brush.setAttribute("aria-valuenow", String(Math.round((100 * ((from + to) / 2 - first)) / (last - first))));
    this.brush.setAttribute("aria-valuetext", `${clock(from, (to - from) / 100)} to ${clock(to, (to - from) / 100)}`);
  }

  /** @param {PointerEvent} down */
  drag(down) {
    const { app, place } = this;
    const box = place.getBoundingClientRect();
    const start = this.time(down.clientX - box.left);
    const { from, to } = app.view;
    const target = /** @type {Element} */ (down.target);
    const grip = target.classList.contains("grip") ? (target.classList.contains("left") ? "left" : "right") : null;
    const moves = !grip && this.brush.contains(target);
    let moved = false;
    place.setPointerCapture(down.pointerId);
    const move = (/** @type {PointerEvent} */ event) => {
      if (Math.abs(event.clientX - down.clientX) > 3) moved = true;
      if (!moved) return;
      const now = this.time(event.clientX - box.left);
      const by = now - start;
      if (moves) app.change(app.windowOf(from + by, to + by));
      else if (grip === "left") app.change(app.windowOf(Math.min(from + by, to - SHORTEST_WINDOW), to));
      else if (grip === "right") app.change(app.windowOf(from, Math.max(to + by, from + SHORTEST_WINDOW)));
      else app.change(app.windowOf(Math.min(start, now), Math.max(start, now)));
    };
    const done = () => {
      place.removeEventListener("pointermove", move);
      if (!moved && !moves && !grip) app.change({ cursor: Math.round(start), ...app.windowOf(start - (to - from) / 2, start + (to - from) / 2) });
    };
    place.addEventListener("pointermove", move);
    place.addEventListener("pointerup", done, { once: true });
    place.addEventListener("pointercancel", done, { once: true });
  }

  paint() {
    const { app, canvas, width } = this;
    if (width <= 50) return;
    const height = STRIP * app.runs.length;
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    this.place.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    if (!context) return;
    context.scale(ratio, ratio);
    const pen = new CanvasPen(context, width, height);
    app.runs.forEach((run, i) => this.paintRun(pen, run, i * STRIP));
    this.place_window();
  }

  /** @param {Pen} pen @param {number} run @param {number} top */
  paintRun(pen, run, top) {
    const { app } = this;
    const { palette } = app;
    const trace = app.traces[run];
    const shift = app.shifts[run];
    const { named } = palette;
    const width = this.width;
    for (const fault of trace.run.faults) {
      const x = this.x(fault.from + shift);
      pen.rects([x, top + LEADERS, Math.max(1.5, this.x((fault.to ?? trace.run.end) + shift) - x), STRIP - LEADERS], { fill: palette.fault(fault.kind), alpha: 0.22 });
    }
    const bins = Math.floor(width / 2);
    const counts = densityOf(app.shown[run].times, app.extent[0] - shift, app.extent[1] - shift, bins);
    const most = counts.reduce((a, b) => Math.max(a, b), 1);
    const boxes = Array.from(counts).flatMap((count, bin) => {
      const height = count === 0 ? 0 : Math.max(1, (Math.sqrt(count) / Math.sqrt(most)) * (STRIP - LEADERS - 4));
      return height > 0 ? [bin * 2, top + STRIP - 1 - height, 1.6, height] : [];
    });
    pen.rects(boxes, { fill: named.message, alpha: 0.75 });
    this.paintLeaders(pen, run, top);
    for (const hit of thinned(app.hits[run], 1000)) pen.rects([this.x(trace.time[hit] + shift), top + LEADERS, 1.2, 6], { fill: named.warn });
    const { violation } = trace.run;
    if (violation) {
      const x = this.x(violation.t + shift);
      pen.segments([x, top, x, top + STRIP], { stroke: named.danger, width: 2 });
      pen.marks("down", [x, top + 6], 6, { fill: named.danger });
    }
    const at = app.header.diverges?.at[run];
    if (at !== undefined && at < trace.count) {
      const x = this.x(trace.time[at] + shift);
      pen.segments([x, top, x, top + STRIP], { stroke: named.effect, width: 2, dash: [5, 3] });
    }
    pen.segments([0, top + STRIP - 0.5, width, top + STRIP - 0.5], { stroke: named.line });
  }

  /** Who led in which epoch. Two leaders at once stand above each other. @param {Pen} pen @param {number} run @param {number} top */
  paintLeaders(pen, run, top) {
    const { app } = this;
    const shift = app.shifts[run];
    const { lanes } = app.traces[run].run;
    const leaders = app.states[run].leaders().sort((a, b) => a.from - b.from);
    for (const leader of leaders) {
      const rivals = leaders.filter((other) => other !== leader && other.from < leader.to && leader.from < other.to);
      const x = this.x(leader.from + shift);
      const width = Math.max(1, this.x(leader.to + shift) - x);
      const height = rivals.length > 0 ? (LEADERS - 2) / 2 : LEADERS - 2;
      const y = top + 1 + (rivals.some((other) => other.from < leader.from) ? height : 0);
      pen.rects([x, y, Math.max(1, width - 1), height], { fill: app.palette.lane(leader.lane) });
      const words = [`${lanes[leader.lane].name} leads, epoch ${leader.epoch}`, `${lanes[leader.lane].name} · ${leader.epoch}`, leader.epoch].find((text) => pen.measure(text, 10) + 6 < width);
      if (words && rivals.length === 0) pen.text(x + 3, y + height / 2 + 0.5, words, { fill: app.palette.named.back, size: 10, bold: true });
    }
  }
}

/** At most so many of them, evenly. @param {Int32Array} numbers @param {number} most */
function thinned(numbers, most) {
  const step = Math.ceil(numbers.length / most) || 1;
  return numbers.filter((_, i) => i % step === 0);
}
