"use strict";
// What frames the lanes: which run this is and how to get it again, search and movement, the cursor, and what the lines mean.

/** @type {Record<RunHeader["verdict"], string>} */
const VERDICTS = { violation: "✗ Violation", pass: "✓ Pass", inconclusive: "? Inconclusive" };
/** @type {Theme[]} */
const THEMES = ["auto", "light", "dark"];

class Header extends Pane {
  verdict = h("span", { class: "verdict" });
  property = h("h1");
  facts = h("dl", { class: "facts" });
  line = h("code", { tabindex: "0", "aria-label": "How to reproduce the run" });
  copy = button("Copy", "Copy the line that reproduces this run (y)", () => void copyText(this.app.traces[this.app.active].run.reproduce, this.copy), { id: "copy-line" });
  link = button("Link", "Copy a link to exactly this view (Shift+Y)", () => this.copyLink(), { class: "quiet" });
  theme = button("", "Theme (Shift+C)", () => this.nextTheme(), { class: "quiet" });
  /** @type {ReturnType<typeof tabList<ViewState["runs"]>> | null} */
  tabs = null;

  start() {
    const { app, place } = this;
    const save = (/** @type {string} */ words, /** @type {() => void} */ act) => button(words, `Save the window as ${words}`, act, { class: "quiet" });
    place.append(
      h("div", { class: "title" }, this.verdict, this.property, h("div", { class: "actions" },
        save("PNG", () => exportPng(app)), save("SVG", () => exportSvg(app)), this.link, this.theme,
        button("?", "Keys and help (?)", openHelp, { class: "quiet", "aria-label": "Help" }))),
      h("div", { class: "about" }, this.facts, h("div", { class: "line" }, this.line, this.copy)));
    if (app.traces.length > 1) {
      const [a, b] = app.traces.map((trace) => trace.run.name);
      this.tabs = tabList("Runs", [["both", "Both"], ["0", `A: ${a}`], ["1", `B: ${b}`]], (runs) => this.show(runs), "main");
      place.append(this.tabs.list);
    }
    return this;
  }

  /** @param {ViewState["runs"]} runs */
  show(runs) {
    const { selected, lane } = this.app.view;
    const stays = (/** @type {Ref | null} */ ref) => (runs === "both" || ref?.[0] === Number(runs) ? ref : null);
    this.app.change({ runs, selected: stays(selected), lane: stays(lane) }, true);
  }

  copyLink() {
    this.app.save();
    void copyText(location.href, this.link);
  }

  nextTheme() {
    const theme = THEMES[(THEMES.indexOf(this.app.view.theme) + 1) % THEMES.length];
    this.app.change({ theme });
    announce(`Theme: ${theme}`);
  }

  update() {
    const { app } = this;
    if (app.touched("theme")) this.theme.textContent = `Theme: ${app.view.theme}`;
    if (!app.touched("runs", "selected", "lane")) return;
    const { run } = app.traces[app.active];
    const title = run.violation?.property ?? app.header.title;
    this.verdict.textContent = VERDICTS[run.verdict];
    this.verdict.dataset.verdict = run.verdict;
    this.property.textContent = title;
    document.title = `${VERDICTS[run.verdict]}: ${title} — Shaketable`;
    const facts = { run: run.name, protocol: run.protocol, bug: run.bug ?? "none planted", seed: run.seed, scenario: run.scenario };
    this.facts.replaceChildren(...Object.entries(facts).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
    this.line.textContent = run.reproduce;
    this.tabs?.show(app.view.runs);
  }
}

class Toolbar extends Pane {
  main = tabList("How the run is shown", [["lanes", "Lanes"], ["table", "Table"]], (main) => this.app.change({ main }), "main");
  count = h("output", { class: "count" });
  box = h("input", {
    type: "search", id: "search", placeholder: "Search labels and details", "aria-label": "Search labels and details", size: "24",
    oninput: () => this.app.change({ query: this.box.value }),
    onkeydown: (/** @type {KeyboardEvent} */ key) => {
      if (key.key === "Enter") this.hit(key.shiftKey ? -1 : 1);
      if (key.key === "Escape") this.box.blur();
    },
  });

  start() {
    const { app, place } = this;
    const violated = app.traces.some((trace) => trace.run.violation);
    place.append(
      this.main.list,
      h("div", { class: "group" },
        button("−", "Zoom out (−)", () => app.zoom(1.6), { "aria-label": "Zoom out" }),
        button("+", "Zoom in (+)", () => app.zoom(0.625), { "aria-label": "Zoom in" }),
        button("Fit", "Show the whole run (f)", () => app.fit()),
        violated ? button("Violation", "Go to the violation (v)", () => app.goToViolation(), { class: "bad" }) : null,
        app.header.diverges ? button("Divergence", "Go to the first difference (d)", () => app.goToDivergence()) : null),
      h("div", { class: "group grow" }, this.box,
        button("↑", "Previous hit (Shift+G)", () => this.hit(-1), { "aria-label": "Previous hit" }),
        button("↓", "Next hit (g)", () => this.hit(1), { "aria-label": "Next hit" }), this.count));
    return this;
  }

  /** Selects the next hit, seen from the selection or the cursor. @param {number} step */
  hit(step) {
    const { app } = this;
    const run = [app.active, ...app.runs].find((r) => app.hits[r].length > 0);
    if (run === undefined) {
      announce("Nothing found.");
      return;
    }
    const [hits, now] = [app.hits[run], app.view.selected?.[0] === run ? app.view.selected[1] : app.now(run)];
    const at = step > 0 ? lowerBound(hits, now + 1) : lowerBound(hits, now) - 1;
    app.select([run, hits[(at + hits.length) % hits.length]]);
  }

  update() {
    const { app } = this;
    this.main.show(app.view.main);
    if (this.box.value !== app.view.query) this.box.value = app.view.query;
    if (!app.touched("query", "selected", "runs", "hiddenKinds", "hiddenLabels", "routine")) return;
    const [run, event] = app.view.selected ?? [0, -1];
    const all = app.runs.reduce((sum, r) => sum + app.hits[r].length, 0);
    const at = app.hits[run].indexOf(event);
    this.count.textContent = app.view.query.trim() === "" ? "" : at >= 0 ? `${at + 1} of ${all}` : `${all} found`;
  }
}

class Scrubber extends Pane {
  words = h("output", { class: "count" });
  slider = h("input", {
    type: "range", min: this.app.first, max: this.app.last, step: "any", "aria-label": "Cursor in time",
    oninput: () => this.app.change({ cursor: Math.round(Number(this.slider.value)) }),
    onkeydown: (/** @type {KeyboardEvent} */ key) => {
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[key.key];
      if (!step) return;
      key.preventDefault();
      moveCursor(this.app, step);
    },
  });

  start() {
    this.place.append(h("span", { "aria-hidden": "true" }, "Cursor"), this.slider, this.words);
  }

  update() {
    const { app, slider } = this;
    if (!app.touched("cursor", "runs", "selected", "lane")) return;
    slider.value = String(app.view.cursor);
    this.words.textContent = exactly(app.view.cursor - app.shifts[app.active]);
    slider.setAttribute("aria-valuetext", this.words.textContent);
  }
}

/** Moves the cursor to the next or the previous shown event of the drawn runs. @param {App} app @param {number} step */
function moveCursor(app, step) {
  const times = app.runs.flatMap((run) => {
    const { times: all } = app.shown[run];
    const time = app.view.cursor - app.shifts[run];
    const at = step > 0 ? lowerBound(all, time + 1) : lowerBound(all, time) - 1;
    return at >= 0 && at < all.length ? [all[at] + app.shifts[run]] : [];
  });
  if (times.length === 0) return;
  const cursor = step > 0 ? Math.min(...times) : Math.max(...times);
  app.change({ cursor, ...app.windowOver(cursor) });
}

class Legend extends Pane {
  update() {
    if (!this.app.touched("theme")) return;
    const { palette, traces } = this.app;
    const styles = messageStyles(palette.ink);
    /** @param {string} words @param {(pen: Pen) => void} draw */
    const entry = (words, draw) => {
      const svg = new SvgContext();
      draw(new Pen(svg, 30, 14));
      const sample = h("span", { class: "sample", "aria-hidden": "true" });
      sample.innerHTML = `<svg width="30" height="14">${svg.parts.join("")}</svg>`;
      return h("span", { class: "entry" }, sample, words);
    };
    /** @param {string} words @param {Stroke} style */
    const line = (words, style) => entry(words, (pen) => pen.segments([0, 7, 30, 7], style));
    /** @param {string} kind @param {string} words */
    const mark = (kind, words) => entry(words, (pen) => drawKind(pen, palette.ink, kind, [15, 7], 4));
    const kinds = new Set(traces.flatMap((trace) => trace.run.kinds).filter((kind) => (KIND_SHAPES[kind] ?? "disc") !== "disc" && kind !== "dropped"));
    const lost = entry("lost", (pen) => {
      pen.segments([2, 7, 22, 7], styles.lost);
      pen.marks("cross", [22, 7], 3.5, { stroke: palette.ink.danger, width: 1.6 });
    });
    const rows = {
      Roles: [...palette.roles].map(([role, style]) => line(role, style)),
      Messages: [line("message", styles.plain), line("client's", styles.client), line("duplicate", styles.duplicate), line("held back", styles.held), lost],
      Marks: [mark("message", "delivery"), ...[...kinds].map((kind) => mark(kind, kind))],
    };
    this.place.replaceChildren(...Object.entries(rows).map(([name, entries]) => h("div", { class: "legend-row" }, h("b", {}, name), ...entries)));
  }
}
