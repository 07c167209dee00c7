"use strict";
// Story, properties and filters beside the lanes.

/** What each tab is drawn from. @type {Record<SideTab, Key[]>} */
const SOURCES = {
  story: ["runs", "cursor", "selected"],
  event: ["runs", "selected", "hops"],
  state: ["runs", "selected", "cursor", "lane", "pins"],
  filters: ["runs", "hiddenKinds", "hiddenLabels", "hiddenLanes", "routine"],
};

class Side extends Pane {
  showTab = bindTabs(this.app, "side");
  panel = one("#side-panel");

  update() {
    const { app, panel } = this;
    const { side } = app.view;
    const draw = { story: drawStory, event: drawEvent, state: drawState, filters: drawFilters }[side];
    if (!app.touched("side", ...SOURCES[side])) return;
    this.showTab();
    panel.setAttribute("aria-labelledby", `tab-${side}`);
    // What is focused is drawn anew, too: it keeps the focus by its name, as what was unfolded stays so.
    const focused = panel.contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : null;
    const open = new Set([...every("details[open] > [data-key]", panel)].map((summary) => summary.dataset.key));
    const top = app.touched("side", "selected") ? 0 : panel.scrollTop;
    panel.replaceChildren(...draw(app).filter((node) => node !== null));
    panel.scrollTop = top;
    for (const element of every("[data-key]", panel)) {
      const key = element.dataset.key;
      if (open.has(key)) element.parentElement?.setAttribute("open", "");
      if (key === focused) element.focus();
    }
  }
}

/** @param {App} app @returns {(Node | null)[]} */
function drawStory(app) {
  const { run, count } = app.traces[app.active];
  const { violation } = run;
  const { diverges, tool } = app.header;
  return [
    diverges ? section("Where the runs diverge", h("div", { class: "why" }, ...diverges.why.map((line) => h("p", {}, line)),
      act("Go to the first difference", "d"))) : null,
    violation
      ? section("What went wrong", h("p", { class: "message" }, violation.message), h("ol", { class: "story" }, ...violation.story.map((line) => h("li", {}, line))),
        violation.against.length > 0 ? h("p", {}, "Before that: ", ...violation.against.flatMap((event, i) => [i > 0 ? " and " : "", eventLink(app, [app.active, event], `against-${i}`)])) : null,
        act("Go to the violation", "v", "bad"))
      : section("What went wrong", h("p", {}, run.verdict === "pass" ? "Nothing: every property held to the end." : "No violation was seen, but the check came to no verdict.")),
    run.properties.length > 0 ? section("Properties at the cursor", h("ul", { class: "lights" }, ...run.properties.map((property) => light(property, app.view.cursor - app.shifts[app.active])))) : null,
    section("The record",
      aside(`${grouped(count)} events in ${clock(run.end, run.end / 1000)} of simulated time. Digest `, h("code", {}, run.digest), `, written by Shaketable ${tool}.`),
      run.truncated > 0 ? aside(`To keep this file small, the details of ${grouped(run.truncated)} events were left out. Replay the run to see them.`) : null),
  ];
}

/** @param {Property} property @param {number} time */
function light({ name, doc, checked, broken }, time) {
  // What is broken has been looked at, whatever else was not.
  const state = broken !== null ? (time >= broken ? "broken" : "holds so far") : checked ? "holds" : "not checked";
  return h("li", {}, h("details", { class: "light", "data-state": state, title: doc },
    h("summary", { "data-key": `property-${name}` }, h("span", { class: "lamp", "aria-hidden": "true" }, state === "not checked" ? "–" : state === "broken" ? "✗" : "✓"), name, h("span", { class: "light-state" }, state)),
    h("p", {}, doc, broken === null ? "" : ` Broken at ${exactly(broken)}.`)));
}

const MOST_CHIPS = 60;

/** @param {App} app @returns {(Node | null)[]} */
function drawFilters(app) {
  const { hiddenKinds, hiddenLabels, hiddenLanes, routine } = app.view;
  const traces = app.runs.map((run) => app.traces[run]);
  /** How often each is used, the most frequent first. @param {"kind" | "label"} column @param {"kinds" | "labels"} names @returns {[string, number][]} */
  const counted = (column, names) => {
    /** @type {Record<string, number>} */
    const counts = {};
    for (const trace of traces) {
      const uses = new Uint32Array(trace.run[names].length);
      for (const index of trace[column]) if (index >= 0) uses[index]++;
      uses.forEach((n, i) => (counts[trace.run[names][i]] = (counts[trace.run[names][i]] ?? 0) + n));
    }
    return Object.entries(counts).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]).slice(0, MOST_CHIPS);
  };
  const heartbeats = traces.reduce((sum, trace) => sum + trace.flags.reduce((n, flags) => n + (flags & ROUTINE), 0), 0);
  const lanes = new Set(traces.flatMap((trace) => trace.run.lanes.map((lane) => lane.name)));
  return [
    section("Routine", chip("Heartbeats and other routine", heartbeats, routine, () => app.change({ routine: !routine }))),
    chips(app, "Kinds", "hiddenKinds", counted("kind", "kinds")),
    chips(app, "Labels", "hiddenLabels", counted("label", "labels")),
    chips(app, "Lanes", "hiddenLanes", [...lanes].map((name) => [name, null])),
    hiddenKinds.length + hiddenLabels.length + hiddenLanes.length > 0 ? h("p", { class: "spaced" }, act("Show all", "a")) : null,
    aside("Alt and click keeps one of a row alone. Messages to a hidden lane become dashed stubs."),
  ];
}

/** @param {App} app @param {string} title @param {"hiddenKinds" | "hiddenLabels" | "hiddenLanes"} key @param {[string, number | null][]} names */
function chips(app, title, key, names) {
  const hidden = app.view[key];
  /** @param {string} name @param {boolean} alone */
  const toggle = (name, alone) => {
    const others = names.map(([other]) => other).filter((other) => other !== name);
    const isAlone = !hidden.includes(name) && others.every((other) => hidden.includes(other));
    const without = hidden.includes(name) ? hidden.filter((other) => other !== name) : [...hidden, name];
    app.change({ [key]: !alone ? without : isAlone ? [] : others });
  };
  return section(title, h("div", { class: "chips", role: "group", "aria-label": title },
    ...names.map(([name, count]) => chip(name, count, !hidden.includes(name), (alone) => toggle(name, alone), key))));
}

/** @param {string} name @param {number | null} count @param {boolean} on @param {(alone: boolean) => void} toggle @param {string} group */
function chip(name, count, on, toggle, group = "routine") {
  return h("button", { type: "button", class: "chip", "aria-pressed": String(on), "data-key": `${group}-${name}`, onclick: (/** @type {MouseEvent} */ event) => toggle(event.altKey) },
    h("span", { "aria-hidden": "true", class: "tick" }, on ? "✓" : ""), name, count === null ? null : h("span", { class: "number" }, grouped(count)));
}
