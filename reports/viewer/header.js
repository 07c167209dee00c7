"use strict";
// What run this is, how it ended, and how to get it again.

/** @type {Record<RunHeader["verdict"], [string, string]>} */
const VERDICTS = { violation: ["✗", "Violation"], pass: ["✓", "Pass"], inconclusive: ["?", "Inconclusive"] };
/** @type {Theme[]} */
const THEMES = ["auto", "light", "dark"];

/** @implements {Part} */
class Header {
  /** @param {App} app @param {HTMLElement} place */
  constructor(app, place) {
    this.app = app;
    this.verdict = h("span", { class: "verdict" });
    this.property = h("h1", {});
    this.facts = h("dl", { class: "facts" });
    this.line = h("code", { tabindex: "0", "aria-label": "How to reproduce the run" });
    this.themeButton = button("", "Theme (Shift+C)", () => this.nextTheme(), { class: "quiet" });
    const copy = button("Copy", "Copy the line that reproduces this run (y)", () => this.copyLine(), { id: "copy-line" });
    this.copyButton = copy;
    this.linkButton = button("Link", "Copy a link to exactly this view (Shift+Y)", () => void copyText(location.href, this.linkButton), { class: "quiet" });
    this.tabs = app.traces.length > 1
      ? tabList("Runs", [["both", "Both"], ["0", `A: ${app.traces[0].run.name}`], ["1", `B: ${app.traces[1].run.name}`]], (runs) => this.show(runs), "main")
      : null;
    const exports = [
      button("PNG", "Save the window as an image", () => exportPng(app), { class: "quiet" }),
      button("SVG", "Save the window as a drawing", () => exportSvg(app), { class: "quiet" }),
    ];
    place.append(
      h("div", { class: "title" }, this.verdict, this.property,
        h("div", { class: "actions" }, ...exports, this.linkButton, this.themeButton, button("?", "Keys and help (?)", openHelp, { class: "quiet", "aria-label": "Help" }))),
      h("div", { class: "about" }, this.facts, h("div", { class: "line" }, this.line, copy)),
    );
    if (this.tabs) place.append(this.tabs.list);
  }

  /** @param {ViewState["runs"]} runs */
  show(runs) {
    const { view } = this.app;
    const gone = runs !== "both" && view.selected && view.selected[0] !== Number(runs);
    const lost = runs !== "both" && view.lane && view.lane[0] !== Number(runs);
    this.app.change({ runs, ...(gone ? { selected: null } : {}), ...(lost ? { lane: null } : {}) }, true);
  }

  copyLine() {
    void copyText(this.app.traces[this.app.active].run.reproduce, this.copyButton);
  }

  nextTheme() {
    const theme = THEMES[(THEMES.indexOf(this.app.view.theme) + 1) % THEMES.length];
    this.app.change({ theme });
    announce(`Theme: ${theme}`);
  }

  /** @param {Set<Key>} changed */
  update(changed) {
    const { app } = this;
    if (changed.has("theme")) this.themeButton.textContent = `Theme: ${app.view.theme}`;
    if (!changed.has("runs") && !changed.has("selected") && !changed.has("lane")) return;
    const { run } = app.traces[app.active];
    const [sign, words] = VERDICTS[run.verdict];
    this.verdict.textContent = `${sign} ${words}`;
    this.verdict.dataset.verdict = run.verdict;
    this.property.textContent = run.violation?.property ?? app.header.title;
    document.title = `${words}: ${run.violation?.property ?? app.header.title} — Shaketable`;
    /** @type {[string, string][]} */
    const facts = [
      ...(app.traces.length > 1 ? [/** @type {[string, string]} */ (["run", run.name])] : []),
      ["protocol", run.protocol], ["bug", run.bug ?? "none planted"], ["seed", run.seed], ["scenario", run.scenario],
    ];
    this.facts.replaceChildren(...facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
    this.line.textContent = run.reproduce;
    this.tabs?.show(app.view.runs);
  }
}
