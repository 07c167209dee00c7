"use strict";
// Search and movement above the lanes; below them the scrubber and what the lines mean.

/** @implements {Part} */
class Toolbar {
  /** @param {App} app @param {HTMLElement} place */
  constructor(app, place) {
    this.app = app;
    this.main = tabList("How the run is shown", [["lanes", "Lanes"], ["table", "Table"]], (main) => app.change({ main }), "main");
    this.box = h("input", { type: "search", id: "search", placeholder: "Search labels and details", "aria-label": "Search labels and details", size: "24" });
    this.box.addEventListener("input", () => app.change({ query: this.box.value }));
    this.box.addEventListener("keydown", (key) => {
      if (key.key === "Enter") this.hit(key.shiftKey ? -1 : 1);
      if (key.key === "Escape") this.box.blur();
    });
    this.count = h("output", { class: "count", "aria-live": "polite" });
    const { traces } = app;
    const violated = traces.some((trace) => trace.run.violation);
    place.append(
      this.main.list,
      h("div", { class: "group" },
        button("−", "Zoom out (−)", () => this.zoom(1.6), { "aria-label": "Zoom out" }),
        button("+", "Zoom in (+)", () => this.zoom(0.625), { "aria-label": "Zoom in" }),
        button("Fit", "Show the whole run (f)", () => app.fit()),
        violated ? button("Violation", "Go to the violation (v)", () => app.goToViolation(), { class: "bad" }) : null,
        app.header.diverges ? button("Divergence", "Go to the first difference (d)", () => app.goToDivergence()) : null),
      h("div", { class: "group grow" }, this.box,
        button("↑", "Previous hit (Shift+G)", () => this.hit(-1), { "aria-label": "Previous hit" }),
        button("↓", "Next hit (g)", () => this.hit(1), { "aria-label": "Next hit" }), this.count),
    );
  }

  /** @param {number} factor */
  zoom(factor) {
    const { cursor, from, to } = this.app.view;
    this.app.zoom(factor, cursor > from && cursor < to ? cursor : (from + to) / 2);
  }

  /** Selects the next hit, seen from the selection or the cursor. @param {1 | -1} step */
  hit(step) {
    const { app } = this;
    const run = app.hits[app.active].length > 0 ? app.active : app.runs.find((r) => app.hits[r].length > 0);
    if (run === undefined) {
      announce("Nothing found.");
      return;
    }
    const hits = app.hits[run];
    const now = app.view.selected?.[0] === run ? app.view.selected[1] : app.now(run);
    const at = step > 0 ? lowerBound(hits, now + 1) : lowerBound(hits, now) - 1;
    app.select([run, hits[(at + hits.length) % hits.length]]);
  }

  /** @param {Set<Key>} changed */
  update(changed) {
    const { app } = this;
    this.main.show(app.view.main);
    if (document.activeElement !== this.box || changed.size > 5) this.box.value = app.view.query;
    const hits = app.runs.reduce((sum, run) => sum + app.hits[run].length, 0);
    const { selected } = app.view;
    const place = selected ? app.hits[selected[0]].indexOf(selected[1]) : -1;
    const words = app.view.query.trim() === "" ? "" : place >= 0 ? `${place + 1} of ${hits}` : `${hits} found`;
    if (this.count.textContent !== words) this.count.textContent = words;
  }
}

/** @implements {Part} */
class Scrubber {
  /** @param {App} app @param {HTMLElement} place */
  constructor(app, place) {
    this.app = app;
    const [first, last] = app.extent;
    this.slider = h("input", { type: "range", min: first, max: last, step: "any", "aria-label": "Cursor in time" });
    this.words = h("output", { class: "count" });
    this.slider.addEventListener("input", () => app.change({ cursor: Math.round(Number(this.slider.value)) }));
    this.slider.addEventListener("keydown", (key) => {
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[key.key];
      if (!step) return;
      key.preventDefault();
      moveCursor(app, step > 0 ? 1 : -1);
    });
    place.append(h("span", { "aria-hidden": "true" }, "Cursor"), this.slider, this.words);
  }

  update() {
    const { app } = this;
    const { cursor } = app.view;
    this.slider.value = String(cursor);
    const time = cursor - app.shifts[app.active];
    this.slider.setAttribute("aria-valuetext", exactly(time));
    this.words.textContent = exactly(time);
  }
}

/**
 * Moves the cursor to the next or the previous shown event of the drawn runs.
 * @param {App} app @param {1 | -1} step
 */
function moveCursor(app, step) {
  const { cursor } = app.view;
  const times = app.runs.flatMap((run) => {
    const { times: all } = app.shown[run];
    const time = cursor - app.shifts[run];
    const at = step > 0 ? lowerBound(all, time + 1) : lowerBound(all, time) - 1;
    return at >= 0 && at < all.length ? [all[at] + app.shifts[run]] : [];
  });
  if (times.length === 0) return;
  const next = step > 0 ? Math.min(...times) : Math.max(...times);
  app.change({ cursor: next, ...app.windowOver(next) });
}

/** @implements {Part} */
class Legend {
  /** @param {App} app @param {HTMLElement} place */
  constructor(app, place) {
    this.app = app;
    this.place = place;
  }

  /** @param {Set<Key>} changed */
  update(changed) {
    if (!changed.has("theme")) return;
    const { palette, traces } = this.app;
    const styles = messageStyles(palette);
    const kinds = new Set(traces.flatMap((trace) => trace.run.kinds));
    /** @param {string} words @param {(pen: SvgPen) => void} draw */
    const entry = (words, draw) => {
      const pen = new SvgPen(30, 14);
      draw(pen);
      const sample = h("span", { class: "sample", "aria-hidden": "true" });
      sample.innerHTML = `<svg width="30" height="14">${pen.parts.join("")}</svg>`;
      return h("span", { class: "entry" }, sample, words);
    };
    const line = (/** @type {Stroke} */ stroke) => (/** @type {SvgPen} */ pen) => pen.segments([0, 7, 30, 7], stroke);
    const roles = [...palette.roles].map(([role, stroke]) => entry(role, line(stroke)));
    const messages = [
      entry("message", line(styles.plain)), entry("client's", line(styles.client)), entry("duplicate", line(styles.duplicate)), entry("held back", line(styles.held)),
      entry("lost", (pen) => {
        pen.segments([2, 7, 22, 7], styles.lost);
        pen.marks("cross", [22, 7], 3.5, { stroke: palette.named.danger, width: 1.6 });
      }),
    ];
    const marks = [...kinds].filter((kind) => KIND_SHAPES[kind] && KIND_SHAPES[kind] !== "disc" && kind !== "dropped").map((kind) =>
      entry(kind, (pen) => drawKind(pen, palette, kind, [15, 7], 4, 1)));
    this.place.replaceChildren(
      h("div", { class: "legend-row" }, h("b", {}, "Roles"), ...roles),
      h("div", { class: "legend-row" }, h("b", {}, "Messages"), ...messages),
      h("div", { class: "legend-row" }, h("b", {}, "Marks"), entry("delivery", (pen) => drawKind(pen, palette, "message", [15, 7], 4, 1)), ...marks));
  }
}
