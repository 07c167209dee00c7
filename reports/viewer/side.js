"use strict";
// Beside the lanes: the story and the properties, the selected event, the states, the filters.

/** @implements {Part} */
class Side {
  /** @param {App} app @param {HTMLElement} place */
  constructor(app, place) {
    this.app = app;
    this.tabs = tabList("What is known", [["story", "Story"], ["event", "Event"], ["state", "State"], ["filters", "Filters"]], (side) => app.change({ side }), "side-panel");
    this.panel = h("div", { class: "panel", id: "side-panel", role: "tabpanel", tabindex: "0" });
    place.append(this.tabs.list, this.panel);
    /** @type {Record<SideTab, {keys: Key[], draw: () => (Node | null)[]}>} */
    this.pages = {
      story: { keys: ["runs", "cursor", "selected"], draw: () => drawStory(app) },
      event: { keys: ["runs", "selected", "hops"], draw: () => drawEvent(app) },
      state: { keys: ["runs", "selected", "cursor", "lane", "pins"], draw: () => drawState(app) },
      filters: { keys: ["hiddenKinds", "hiddenLabels", "hiddenLanes", "routine", "runs"], draw: () => drawFilters(app) },
    };
  }

  /** @param {Set<Key>} changed */
  update(changed) {
    const { side } = this.app.view;
    const page = this.pages[side];
    if (!changed.has("side") && !page.keys.some((key) => changed.has(key))) return;
    this.tabs.show(side);
    this.panel.setAttribute("aria-labelledby", `tab-${side}`);
    // What is focused is drawn anew, too: it keeps the focus by its name.
    const focused = this.panel.contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : null;
    const top = changed.has("side") || changed.has("selected") ? 0 : this.panel.scrollTop;
    this.panel.replaceChildren(...page.draw().filter((node) => node !== null));
    this.panel.scrollTop = top;
    if (focused) /** @type {HTMLElement | null} */ (this.panel.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus();
  }
}

/** @param {App} app @returns {(Node | null)[]} */
function drawStory(app) {
  const trace = app.traces[app.active];
  const { run } = trace;
  const { violation } = run;
  const { diverges } = app.header;
  return [
    diverges && app.traces.length > 1
      ? h("section", { class: "why" }, h("h2", {}, "Where the runs diverge"), ...diverges.why.map((line) => h("p", {}, line)),
        button("Go to the first difference", "d", () => app.goToDivergence(), { "data-key": "diverge" }))
      : null,
    violation
      ? h("section", {}, h("h2", {}, "What went wrong"), h("p", { class: "message" }, violation.message),
        h("ol", { class: "story" }, ...violation.story.map((line) => h("li", {}, line))),
        button("Go to the violation", "v", () => app.goToViolation(), { "data-key": "violation", class: "bad" }))
      : h("section", {}, h("h2", {}, "What went wrong"), h("p", {}, run.verdict === "pass" ? "Nothing: every property held to the end." : "No property was seen to be violated, but the check came to no verdict.")),
    drawProperties(app),
    h("section", {}, h("h2", {}, "The record"),
      h("p", { class: "muted" }, `${trace.count.toLocaleString("en")} events in ${clock(run.end, run.end / 1000)} of simulated time. Digest `, h("code", {}, run.digest), `, written by Shaketable ${app.header.tool}.`),
      run.truncated > 0 ? h("p", { class: "muted" }, `To keep this file small, the details of ${run.truncated.toLocaleString("en")} events were left out. Replay the run to see them.`) : null),
  ];
}

/** Which properties still hold at the cursor. @param {App} app */
function drawProperties(app) {
  const { run } = app.traces[app.active];
  const time = app.view.cursor - app.shifts[app.active];
  const lights = run.properties.map(({ name, doc, broken }) => {
    const state = broken === null ? "holds" : time >= broken ? "broken" : "will break";
    const words = { holds: "holds", broken: "broken", "will break": "holds so far" }[state];
    return h("li", {}, h("details", { class: "light", "data-state": state, title: doc },
      h("summary", { "data-key": `property-${name}` }, h("span", { class: "lamp", "aria-hidden": "true" }, state === "broken" ? "✗" : "✓"), h("span", {}, name), h("span", { class: "light-state" }, words)),
      h("p", {}, doc, broken === null ? "" : ` Broken at ${exactly(broken)}.`)));
  });
  return lights.length === 0 ? null : h("section", {}, h("h2", {}, "Properties at the cursor"), h("ul", { class: "lights" }, ...lights));
}

const MOST_CHIPS = 60;

/** @param {App} app @returns {(Node | null)[]} */
function drawFilters(app) {
  const { view } = app;
  /** @param {(trace: Trace) => ArrayLike<number>} column @param {(trace: Trace) => string[]} names */
  const counted = (column, names) => {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const trace of app.runs.map((run) => app.traces[run])) {
      const texts = names(trace);
      const counters = new Uint32Array(texts.length);
      const numbers = column(trace);
      for (let i = 0; i < numbers.length; i++) if (numbers[i] >= 0) counters[numbers[i]]++;
      texts.forEach((text, i) => {
        if (counters[i] > 0) counts.set(text, (counts.get(text) ?? 0) + counters[i]);
      });
    }
    return [...counts].sort((a, b) => b[1] - a[1]);
  };
  const routine = app.runs.reduce((sum, run) => sum + app.traces[run].flags.reduce((n, flags) => n + (flags & ROUTINE), 0), 0);
  const lanes = [...new Set(app.runs.flatMap((run) => app.traces[run].run.lanes.map((lane) => lane.name)))];
  const clean = view.hiddenKinds.length + view.hiddenLabels.length + view.hiddenLanes.length === 0;
  return [
    h("section", {}, h("h2", {}, "Routine"), chip(app, "Heartbeats and other routine", routine, view.routine, () => app.change({ routine: !view.routine }))),
    chips(app, "Kinds", "hiddenKinds", counted((trace) => trace.kind, (trace) => trace.run.kinds)),
    chips(app, "Labels", "hiddenLabels", counted((trace) => trace.label, (trace) => trace.run.labels).slice(0, MOST_CHIPS)),
    chips(app, "Lanes", "hiddenLanes", lanes.map((name) => [name, null])),
    h("p", {}, button("Show all", "Show every kind, label and lane", () => app.change({ hiddenKinds: [], hiddenLabels: [], hiddenLanes: [] }), { disabled: clean, "data-key": "all" })),
    h("p", { class: "muted" }, "Alt and click shows one of a row alone. What is filtered out is left out of the lanes, the table and the search. Messages to a hidden lane become dashed stubs."),
  ];
}

/** @param {App} app @param {string} title @param {"hiddenKinds" | "hiddenLabels" | "hiddenLanes"} key @param {[string, number | null][]} names */
function chips(app, title, key, names) {
  const hidden = app.view[key];
  /** @param {string} name @param {boolean} alone */
  const toggle = (name, alone) => {
    const others = names.map(([other]) => other).filter((other) => other !== name);
    const isAlone = !hidden.includes(name) && others.every((other) => hidden.includes(other));
    if (alone) app.change({ [key]: isAlone ? [] : others });
    else app.change({ [key]: hidden.includes(name) ? hidden.filter((other) => other !== name) : [...hidden, name] });
  };
  return h("section", {}, h("h2", {}, title), h("div", { class: "chips", role: "group", "aria-label": title },
    ...names.map(([name, count]) => chip(app, name, count, !hidden.includes(name), (alone) => toggle(name, alone), key))));
}

/** @param {App} _app @param {string} name @param {number | null} count @param {boolean} on @param {(alone: boolean) => void} toggle @param {string} group */
function chip(_app, name, count, on, toggle, group = "routine") {
  return h("button", { type: "button", class: "chip", "aria-pressed": String(on), "data-key": `${group}-${name}`, onclick: (/** @type {MouseEvent} */ event) => toggle(event.altKey) },
    h("span", { "aria-hidden": "true", class: "tick" }, on ? "✓" : ""), name, count === null ? null : h("span", { class: "number" }, count.toLocaleString("en")));
}
