"use strict";
// The selected event with its causal slice, and the state of a lane.

const MOST_LISTED = 80;

/** @param {App} app @param {Ref} ref @param {string} key @param {string} [words] */
function eventLink(app, ref, key, words) {
  const trace = app.traces[ref[0]];
  return h("button", { type: "button", class: "link", "data-key": key, onclick: () => app.select(ref) }, words ?? `${trace.words(ref[1])} on ${trace.laneName(ref[1])}`);
}

/** @param {App} app @returns {(Node | null)[]} */
function drawEvent(app) {
  const { selected } = app.view;
  if (!selected) return [aside("No event is selected. Click one on the lanes, or press n for the one at the cursor.")];
  const [run, event] = selected;
  const trace = app.traces[run];
  const cause = trace.cause[event];
  const effects = trace.effectsOf(event);
  const links = effects.map((effect, i) => eventLink(app, [run, effect], `effect-${i}`));
  const notes = ["routine", "a second delivery", "had been held back"].filter((_, bit) => trace.flags[event] & (1 << bit));
  const { lostEvent, lostTo, lostLabel, lostWhy, run: { lanes, labels } } = trace;
  const lost = [...lostEvent.keys()].slice(lowerBound(lostEvent, event), lowerBound(lostEvent, event + 1));
  return [
    section(trace.words(event), h("dl", { class: "facts tall" },
      fact("time", exactly(trace.time[event])), fact("id", `#${trace.id[event]}`), fact("lane", trace.laneName(event)),
      notes.length > 0 ? fact("note", notes.join(", ")) : null,
      fact("cause", cause < 0 ? "none" : eventLink(app, [run, cause], "cause")),
      fact("effects", ...links, effects.length === 0 ? "none" : ""),
      lost.length > 0 ? fact("lost", ...lost.map((i) => h("span", {}, `${labels[lostLabel[i]] ?? "message"} to ${lanes[lostTo[i]].name}: ${labels[lostWhy[i]] ?? "lost"}`))) : null)),
    h("div", { class: "group steps" }, act("← cause", "["), act("effect →", "]"), act("◂ lane", "p"), act("lane ▸", "n"), act("Clear", "Escape")),
    drawChanges(app, run, event),
    drawDetail(trace, event),
    drawSliceList(app, selected),
  ];
}

/** @param {App} app @param {number} run @param {number} event */
function drawChanges(app, run, event) {
  const { changeEvent, changeField, lane, run: { fields } } = app.traces[run];
  const changed = new Set(changeField.subarray(lowerBound(changeEvent, event), lowerBound(changeEvent, event + 1)));
  const value = (/** @type {string} */ name, /** @type {number} */ at) => app.states[run].value(lane[event], name, at);
  const rows = Array.from(changed, (field) => fields[field]).map((name) => stateRow(name, value(name, event - 1), value(name, event))).filter((row) => row.querySelector(".changed"));
  return rows.length === 0 ? null : section("What it changed", stateTable(["field", "before", "after"], rows));
}

/** @param {string[]} heads @param {Node[]} rows */
function stateTable(heads, rows) {
  return h("table", { class: "state" }, h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, ...rows));
}

/** Two values of a field, marked if they differ. @param {string} name @param {string | undefined} a @param {string | undefined} b @param {boolean} both @param {Node | null} more */
function stateRow(name, a, b, both = false, more = null) {
  const [first, second] = [a || "–", b || "–"];
  const mark = first === second ? null : "changed";
  return h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: both ? mark : null }, first), h("td", { class: mark }, second), more);
}

/** @param {Trace} trace @param {number} event */
function drawDetail(trace, event) {
  const text = trace.run.details[trace.detail[event]];
  if (text === undefined) return trace.run.truncated > 0 ? h("p", { class: "muted spaced" }, "No details were kept for this event.") : null;
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    value = text;
  }
  return section("Details", h("div", { class: "json" }, jsonTree(value)));
}

/** @param {App} app @param {Ref} selected */
function drawSliceList(app, selected) {
  const [run, event] = selected;
  const trace = app.traces[run];
  const hops = app.hops(selected);
  const slider = h("input", {
    type: "range", min: "1", max: SLICE_HOPS, value: hops, "data-key": "hops", id: "hops", "aria-describedby": "slice-size",
    oninput: () => app.change({ hops: Number(slider.value) }),
  });
  const ordered = [...(app.slice ?? [])].sort((a, b) => a[0] - b[0]);
  const first = Math.max(0, ordered.findIndex(([other]) => other === event) - MOST_LISTED / 2);
  const listed = ordered.slice(first, first + MOST_LISTED);
  return section("Causes and effects",
    h("p", { class: "hops" }, h("label", { for: "hops" }, "Hops"), slider, h("output", {}, String(hops))),
    h("p", { class: "muted", id: "slice-size" }, `${grouped(ordered.length)} events at most ${hops} ${hops === 1 ? "hop" : "hops"} away. The rest is faded.`),
    h("ol", { class: "slice" }, ...listed.map(([other, hop]) => h("li", { class: hop === 0 ? "own" : hop < 0 ? "before" : "after" },
      eventLink(app, [run, other], `slice-${other}`, `${exactly(trace.time[other])}  ${trace.laneName(other)}  ${trace.words(other)}`)))),
    ordered.length > listed.length ? aside(`${ordered.length - listed.length} more are drawn on the lanes.`) : null);
}

/** The lane whose state is shown: the chosen one, or that of the violation, or the first node. @param {App} app @returns {Ref} */
function shownLane(app) {
  const { active, runs, view } = app;
  if (view.lane && runs.includes(view.lane[0])) return view.lane;
  const { lanes, violation } = app.traces[active].run;
  const blamed = violation?.lane ?? -1;
  return [active, lanes[blamed]?.kind === "node" ? blamed : Math.max(0, lanes.findIndex((lane) => lane.kind === "node"))];
}

/** @param {App} app @returns {(Node | null)[]} */
function drawState(app) {
  const [run, lane] = shownLane(app);
  const trace = app.traces[run];
  if (!trace.run.lanes[lane]) return [aside("This run has no lanes.")];
  const two = app.runs.length > 1;
  const options = app.runs.flatMap((r) => app.traces[r].run.lanes.map(({ name }, l) =>
    h("option", { value: `${r}.${l}`, selected: r === run && l === lane }, two ? `${"AB"[r]}: ${name}` : name)));
  const choose = h("select", { "data-key": "lane", id: "lane", onchange: () => {
    const [r, l] = choose.value.split(".").map(Number);
    app.change({ lane: [r, l] });
  } }, ...options);
  const events = trace.laneEvents[lane];
  const last = events[lowerBound(events, app.now(run) + 1) - 1] ?? -1;
  return [
    h("section", {}, h("p", { class: "hops" }, h("label", { for: "lane" }, "Lane"), choose, h("span", { class: "muted" }, `at ${exactly(app.view.cursor - app.shifts[run])}`)),
      last < 0 ? aside("Nothing has happened on this lane yet.") : h("p", {}, "Last event: ", eventLink(app, [run, last], "last", `${trace.words(last)}, ${clock(trace.time[last])}`))),
    two ? compareStates(app, trace.run.lanes[lane].name) : ownState(app, run, lane, last),
  ];
}

/** @param {App} app @param {string} name */
function pinCell(app, name) {
  if (!app.states.some((states) => states.curve(name))) return h("td");
  const { pins } = app.view;
  const on = pins.includes(name);
  return h("td", {}, h("button", {
    type: "button", class: "pin", "aria-pressed": String(on), title: "Draw as a curve on the lanes", "data-key": `pin-${name}`,
    onclick: () => app.change({ pins: on ? pins.filter((pin) => pin !== name) : [...pins, name].slice(-4) }),
  }, on ? "pinned" : "pin", h("span", { class: "unseen" }, ` ${name}`)));
}

/** @param {App} app @param {number} run @param {number} lane @param {number} last */
function ownState(app, run, lane, last) {
  const [before, after] = [app.states[run].at(lane, last - 1), app.states[run].at(lane, last)];
  const names = app.traces[run].run.fields.filter((name) => before.has(name) || after.has(name));
  if (names.length === 0) return aside("This lane has no state here.");
  return stateTable(["field", "before", "after", "curve"], names.map((name) => stateRow(name, before.get(name), after.get(name), false, pinCell(app, name))));
}

/** @param {App} app @param {string} name */
function compareStates(app, name) {
  const [a, b] = app.traces.map((trace, run) => app.states[run].at(trace.run.lanes.findIndex((lane) => lane.name === name), app.now(run)));
  const fields = [...new Set(app.traces.flatMap((trace) => trace.run.fields))].filter((field) => a.has(field) || b.has(field));
  if (fields.length === 0) return aside("This lane has no state here.");
  const different = fields.filter((field) => a.get(field) !== b.get(field)).length;
  return h("section", {}, h("p", {}, different === 0 ? `${name} is in the same state in both runs.` : `${different} of ${fields.length} fields differ between the runs.`),
    stateTable(["field", ...app.traces.map((trace, run) => `${"AB"[run]}: ${trace.run.name}`), "curve"],
      fields.map((field) => stateRow(field, a.get(field), b.get(field), true, pinCell(app, field)))));
}
