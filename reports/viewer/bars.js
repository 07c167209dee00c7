"use strict";
// What frames the lanes: header, search, cursor and legend.

/** @type {Record<RunHeader["verdict"], string>} */
const VERDICTS = { violation: "✗ Violation", pass: "✓ Pass", inconclusive: "? Inconclusive" };
/** @type {Theme[]} */
const THEMES = ["auto", "light", "dark"];

class Header extends Pane {
  showRun = bindTabs(this.app, "runs", (runs) => this.choose(runs));

  start() {
    const { traces } = this.app;
    const tabs = one("#runs-tabs");
    tabs.hidden = traces.length < 2;
    traces.forEach(({ run }, i) => (tabs.children[i + 1].textContent = `${"AB"[i]}: ${run.name}`));
    return this;
  }

  /** @param {ViewState["runs"]} runs */
  choose(runs) {
    const { selected, lane } = this.app.view;
    const stays = (/** @type {Ref | null} */ ref) => (runs === "both" || ref?.[0] === Number(runs) ? ref : null);
    this.app.change({ runs, selected: stays(selected), lane: stays(lane) }, true);
  }

  copyLine() {
    void copyText(this.app.traces[this.app.active].run.reproduce, one("#copy-line"));
  }

  copyLink() {
    this.app.save();
    void copyText(location.href, one("#copy-link"));
  }

  nextTheme() {
    const theme = THEMES[(THEMES.indexOf(this.app.view.theme) + 1) % THEMES.length];
    this.app.change({ theme });
    announce(`Theme: ${theme}`);
  }

  update() {
    const { app } = this;
    one("#theme").textContent = `Theme: ${app.view.theme}`;
    if (!app.touched("runs", "selected", "lane")) return;
    const { run } = app.traces[app.active];
    const title = run.violation?.property ?? app.header.title;
    const verdict = one("#verdict");
    verdict.textContent = VERDICTS[run.verdict];
    verdict.dataset.verdict = run.verdict;
    one("#property").textContent = title;
    document.title = `${VERDICTS[run.verdict]}: ${title} — Shaketable`;
    const facts = { run: run.name, protocol: run.protocol, bug: run.bug ?? "none planted", seed: run.seed, scenario: run.scenario };
    one("#facts").replaceChildren(...Object.entries(facts).map(([name, value]) => fact(name, value)));
    one("#line").textContent = run.reproduce;
    this.showRun();
  }
}

class Toolbar extends Pane {
  /** @type {HTMLInputElement} */
  box = one("#search");
  showMain = bindTabs(this.app, "main");

  start() {
    const { app, box } = this;
    one("#to-violation").hidden = !app.traces.some((trace) => trace.run.violation);
    one("#to-divergence").hidden = !app.header.diverges;
    box.oninput = () => app.change({ query: box.value });
    box.onkeydown = (key) => {
      if (key.key === "Enter") this.hit(key.shiftKey ? -1 : 1);
      if (key.key === "Escape") box.blur();
    };
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
    const at = beside(hits, now, step);
    app.select([run, hits[(at + hits.length) % hits.length]]);
  }

  update() {
    const { app } = this;
    this.showMain();
    if (this.box.value !== app.view.query) this.box.value = app.view.query;
    if (!app.touched("query", "selected", "runs", "hiddenKinds", "hiddenLabels", "routine")) return;
    const [run, event] = app.view.selected ?? [0, -1];
    const all = app.runs.reduce((sum, r) => sum + app.hits[r].length, 0);
    const at = app.hits[run].indexOf(event);
    one("#hits").textContent = app.view.query.trim() === "" ? "" : at >= 0 ? `${grouped(at + 1)} of ${grouped(all)}` : `${grouped(all)} found`;
  }
}

class Scrubber extends Pane {
  /** @type {HTMLInputElement} */
  slider = one("input", this.place);

  start() {
    const { app, slider } = this;
    [slider.min, slider.max] = [String(app.first), String(app.last)];
    slider.oninput = () => app.change({ cursor: Math.round(Number(slider.value)) });
    slider.onkeydown = (key) => {
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[key.key];
      if (!step) return;
      key.preventDefault();
      moveCursor(app, step);
    };
  }

  update() {
    const { app, slider } = this;
    if (!app.touched("cursor", "runs", "selected", "lane")) return;
    const words = exactly(app.view.cursor - app.shifts[app.active]);
    slider.value = String(app.view.cursor);
    slider.ariaValueText = words;
    one("output", this.place).textContent = words;
  }
}

/** Moves the cursor to the next or the previous shown event of the drawn runs. @param {App} app @param {number} step */
function moveCursor(app, step) {
  const times = app.runs.flatMap((run) => {
    const { times: all } = app.shown[run];
    const at = beside(all, app.view.cursor - app.shifts[run], step);
    return at >= 0 && at < all.length ? [all[at] + app.shifts[run]] : [];
  });
  if (times.length === 0) return;
  const cursor = step > 0 ? Math.min(...times) : Math.max(...times);
  app.change({ cursor, ...app.windowOver(cursor) });
}

class Legend extends Pane {
  update() {
    if (this.app.touched("theme")) this.paint();
  }

  paint() {
    const { palette, traces } = this.app;
    const styles = messageStyles(palette.ink);
    /** @param {string} words @param {(pen: Pen) => void} draw */
    const entry = (words, draw) => {
      const svg = svgSurface();
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
    /** @param {string} words @param {Partial<Operation>} more */
    const bar = (words, more) => entry(words, (pen) => drawBars(pen, palette.ink, [{ box: [5, 4, 20, 6], outcome: "ok", ...more }], 1));
    const rows = {
      Roles: [...palette.roles].map(([role, style]) => line(role, style)),
      Messages: [line("message", styles.plain), line("client's", styles.client), line("duplicate", styles.duplicate), line("held back", styles.held), lost],
      Operations: [bar("ok", {}), bar("failed", { outcome: "failed" }), bar("unknown", { outcome: "unknown" }), bar("contradict each other", { part: "culprit" }), bar("told in the story", { part: "story" }),
        entry("place in the longest order that holds", (pen) => pen.text(15, 7, "7.", { fill: palette.ink.muted, size: 9, bold: true, align: "center" }))],
      Marks: [mark("message", "delivery"), ...[...kinds].map((kind) => mark(kind, kind))],
    };
    this.place.replaceChildren(...Object.entries(rows).map(([name, entries]) => h("div", { class: "legend-row" }, h("b", {}, name), ...entries)));
  }
}
