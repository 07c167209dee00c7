"use strict";
// The selected event with its causal slice, and the state of a lane.

const MOST_EFFECTS = 12;
const MOST_LISTED = 80;

/** A button that selects an event. @param {App} app @param {Ref} ref @param {string} words @param {string} key */
function eventLink(app, ref, words, key) {
  return h("button", { type: "button", class: "link", "data-key": key, onclick: () => app.select(ref) }, words);
}

/** @param {Trace} trace @param {number} event */
function eventWords(trace, event) {
  return [trace.kindOf(event), trace.labelOf(event)].filter(Boolean).join(" ");
}

/** @param {App} app @returns {(Node | null)[]} */
function drawEvent(app) {
  const { selected } = app.view;
  if (!selected) {
    return [h("p", { class: "empty" }, "No event is selected. Click one on the lanes, or press n for the next one at the cursor.")];
  }
  const [run, event] = selected;
  const trace = app.traces[run];
  const cause = trace.cause[event];
  const effects = trace.effectsOf(event);
  const flags = [[ROUTINE, "routine"], [DUPLICATE, "a second delivery"], [HELD, "had been held back"]]
    .flatMap(([bit, words]) => (trace.flags[event] & Number(bit) ? [String(words)] : []));
  /** @param {string} name @param {...(Node | string | null)} values */
  const fact = (name, ...values) => h("div", {}, h("dt", {}, name), h("dd", {}, ...values));
  return [
    h("section", {}, h("h2", {}, eventWords(trace, event)),
      h("dl", { class: "facts tall" },
        fact("time", exactly(trace.time[event])), fact("id", `#${trace.id[event]}`), fact("lane", trace.laneName(event)),
        flags.length > 0 ? fact("note", flags.join(", ")) : null,
        fact("cause", cause < 0 ? "none" : eventLink(app, [run, cause], `${eventWords(trace, cause)} on ${trace.laneName(cause)}`, "cause")),
        fact("effects", ...(effects.length === 0 ? ["none"] : effectLinks(app, run, effects))))),
    drawSteps(app),
    drawChanges(app, run, event),
    drawDetail(trace, event),
    drawSliceList(app, selected),
  ];
}

/** @param {App} app @param {number} run @param {Int32Array} effects */
function effectLinks(app, run, effects) {
  const trace = app.traces[run];
  const links = [...effects.subarray(0, MOST_EFFECTS)].map((effect, i) => eventLink(app, [run, effect], `${eventWords(trace, effect)} on ${trace.laneName(effect)}`, `effect-${i}`));
  return effects.length > MOST_EFFECTS ? [...links, `and ${effects.length - MOST_EFFECTS} more`] : links;
}

/** @param {App} app */
function drawSteps(app) {
  /** @param {string} words @param {string} title @param {() => void} act */
  const step = (words, title, act) => button(words, title, act, { "data-key": `step-${words}` });
  return h("div", { class: "group steps" },
    step("← cause", "To the cause ([)", () => stepCause(app)), step("effect →", "To the first effect (])", () => stepEffect(app)),
    step("◂ lane", "Previous event of this lane (p)", () => stepAlong(app, -1, false)), step("lane ▸", "Next event of this lane (n)", () => stepAlong(app, 1, false)),
    button("Clear", "Select nothing (Escape)", () => app.select(null), { "data-key": "clear", class: "quiet" }));
}

/** What the event changed in its lane's state. @param {App} app @param {number} run @param {number} event */
function drawChanges(app, run, event) {
  const trace = app.traces[run];
  const states = app.states[run];
  const first = lowerBound(trace.changeEvent, event);
  const rows = [];
  for (let i = first; i < trace.changeEvent.length && trace.changeEvent[i] === event; i++) {
    const field = trace.changeField[i];
    const [before, after] = [event - 1, event].map((at) => states.value(trace.lane[event], field, at));
    if (before !== after) rows.push(h("tr", {}, h("th", { scope: "row" }, trace.run.fields[field]), h("td", {}, before || "–"), h("td", { class: "changed" }, after || "–")));
  }
  return rows.length === 0 ? null : h("section", {}, h("h2", {}, "What it changed"), stateTable(["field", "before", "after"], rows));
}

/** @param {string[]} heads @param {Node[]} rows */
function stateTable(heads, rows) {
  return h("table", { class: "state" }, h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, ...rows));
}

/** @param {Trace} trace @param {number} event */
function drawDetail(trace, event) {
  const text = trace.detail[event] < 0 ? null : trace.run.details[trace.detail[event]];
  if (text === null) return trace.run.truncated > 0 ? h("p", { class: "muted spaced" }, "No details were kept for this event.") : null;
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    value = text;
  }
  return h("section", {}, h("h2", {}, "Details"), h("div", { class: "json" }, jsonTree(value)));
}

/** @param {App} app @param {Ref} selected */
function drawSliceList(app, selected) {
  const [run, event] = selected;
  const trace = app.traces[run];
  const slice = app.slice ?? new Map();
  const hops = app.hops(selected);
  const slider = h("input", { type: "range", min: "1", max: SLICE_HOPS, value: hops, "data-key": "hops", id: "hops", "aria-describedby": "slice-size",
    oninput: (/** @type {Event} */ input) => app.change({ hops: Number(/** @type {HTMLInputElement} */ (input.target).value) }) });
  const ordered = [...slice].sort((a, b) => a[0] - b[0]);
  const middleAt = Math.max(0, ordered.findIndex(([other]) => other === event) - MOST_LISTED / 2);
  const listed = ordered.slice(middleAt, middleAt + MOST_LISTED);
  return h("section", {}, h("h2", {}, "Causes and effects"),
    h("p", { class: "hops" }, h("label", { for: "hops" }, "Hops"), slider, h("output", {}, String(hops))),
    h("p", { class: "muted", id: "slice-size" }, `${slice.size.toLocaleString("en")} events at most ${hops} ${hops === 1 ? "hop" : "hops"} away. The rest is faded.`),
    h("ol", { class: "slice" }, ...listed.map(([other, hop]) => h("li", { class: other === event ? "own" : hop < 0 ? "before" : "after" },
      eventLink(app, [run, other], `${exactly(trace.time[other])}  ${trace.laneName(other)}  ${eventWords(trace, other)}`, `slice-${other}`)))),
    ordered.length > listed.length ? h("p", { class: "muted" }, `${ordered.length - listed.length} more are drawn on the lanes.`) : null);
}

/** The lane whose state is shown: the chosen one, or the first node. @param {App} app @returns {Ref} */
function shownLane(app) {
  const { lane } = app.view;
  if (lane && app.runs.includes(lane[0])) return lane;
  const violated = app.traces[app.active].run.violation?.lane;
  const lanes = app.traces[app.active].run.lanes;
  return [app.active, violated !== undefined && violated !== null && lanes[violated].kind === "node" ? violated : Math.max(0, lanes.findIndex((l) => l.kind === "node"))];
}

/** @param {App} app @returns {(Node | null)[]} */
function drawState(app) {
  const [run, lane] = shownLane(app);
  const trace = app.traces[run];
  const options = app.runs.flatMap((r) => app.traces[r].run.lanes.flatMap((l, i) => (l.kind === "world" ? [] : [h("option", { value: `${r}.${i}`, selected: r === run && i === lane }, app.runs.length > 1 ? `${r === 0 ? "A" : "B"}: ${l.name}` : l.name)])));
  const choose = h("select", { "data-key": "lane", id: "lane", onchange: (/** @type {Event} */ event) => {
    const [r, l] = /** @type {HTMLSelectElement} */ (event.target).value.split(".").map(Number);
    app.change({ lane: [r, l] });
  } }, ...options);
  const now = app.now(run);
  const events = trace.laneEvents[lane];
  const last = events[lowerBound(events, now + 1) - 1] ?? -1;
  return [
    h("section", {}, h("p", { class: "hops" }, h("label", { for: "lane" }, "Lane"), choose, h("span", { class: "muted" }, `at ${exactly(app.view.cursor - app.shifts[run])}`)),
      last < 0 ? h("p", { class: "muted" }, "Nothing has happened on this lane yet.") : h("p", {}, "Last event: ", eventLink(app, [run, last], `${eventWords(trace, last)}, ${clock(trace.time[last])}`, "last"))),
    app.runs.length > 1 ? compareStates(app, lane) : ownState(app, run, lane, last),
    h("p", { class: "muted" }, "A pinned number is drawn as a curve on the lanes."),
  ];
}

/** @param {App} app @param {string} name */
function pinCell(app, name) {
  if (!app.states.some((states) => states.isNumeric(name))) return h("td", {});
  const on = app.view.pins.includes(name);
  return h("td", {}, h("button", {
    type: "button", class: "pin", "aria-pressed": String(on), title: "Draw as a curve on the lanes", "data-key": `pin-${name}`,
    onclick: () => app.change({ pins: on ? app.view.pins.filter((pin) => pin !== name) : [...app.view.pins, name].slice(-4) }),
  }, on ? "pinned" : "pin", h("span", { class: "unseen" }, ` ${name}`)));
}

/** Before and after the last event. @param {App} app @param {number} run @param {number} lane @param {number} last */
function ownState(app, run, lane, last) {
  const [before, after] = [app.states[run].at(lane, last - 1), app.states[run].at(lane, last)];
  const names = app.traces[run].run.fields.filter((name) => before.has(name) || after.has(name));
  if (names.length === 0) return h("p", { class: "empty" }, "This lane has no state here.");
  return stateTable(["field", "before", "after", "curve"], names.map((name) => {
    const [old, now] = [before.get(name) ?? "–", after.get(name) ?? "–"];
    return h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, old), h("td", { class: old === now ? "" : "changed" }, now), pinCell(app, name));
  }));
}

/** The same lane in both runs at the cursor; what differs is marked. @param {App} app @param {number} lane */
function compareStates(app, lane) {
  const name = app.traces[shownLane(app)[0]].run.lanes[lane].name;
  const states = app.traces.map((trace, run) => {
    const own = trace.run.lanes.findIndex((l) => l.name === name);
    return own < 0 ? new Map() : app.states[run].at(own, app.now(run));
  });
  const fields = [...new Set(app.traces.flatMap((trace) => trace.run.fields))].filter((field) => states.some((state) => state.has(field)));
  if (fields.length === 0) return h("p", { class: "empty" }, "This lane has no state here.");
  const rows = fields.map((field) => {
    const [a, b] = states.map((state) => state.get(field) ?? "–");
    const differs = a === b ? "" : "changed";
    return h("tr", {}, h("th", { scope: "row" }, field), h("td", { class: differs }, a), h("td", { class: differs }, b), pinCell(app, field));
  });
  const different = states[0].size + states[1].size === 0 ? 0 : fields.filter((field) => states[0].get(field) !== states[1].get(field)).length;
  return h("section", {}, h("p", {}, different === 0 ? `${name} is in the same state in both runs.` : `${different} of ${fields.length} fields differ between the runs.`),
    stateTable(["field", `A: ${app.traces[0].run.name}`, `B: ${app.traces[1].run.name}`, "curve"], rows));
}
