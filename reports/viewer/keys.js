"use strict";
// Everything by keyboard. The table of keys is also what the help shows.

/** To the cause, or to what was given. @param {App} app @param {number} event @param {string} none */
function stepTo(app, event, none) {
  const { selected, hops } = app.view;
  if (selected && event >= 0) app.select([selected[0], event], { hops });
  else announce(none);
}

/** @param {App} app */
function stepCause(app) {
  const [run, event] = app.view.selected ?? [0, -1];
  stepTo(app, app.traces[run].cause[event] ?? -1, "It has no cause.");
}

/** @param {App} app */
function stepEffect(app) {
  const [run, event] = app.view.selected ?? [0, -1];
  stepTo(app, event < 0 ? -1 : (app.traces[run].effectsOf(event)[0] ?? -1), "It has no effect.");
}

/**
 * To the next shown event of the same lane, or of the same label anywhere. Without a selection it starts at the cursor.
 * @param {App} app @param {number} step @param {boolean} byLabel
 */
function stepAlong(app, step, byLabel = false) {
  const { selected } = app.view;
  if (!selected) {
    selectAtCursor(app);
    return;
  }
  const [run, event] = selected;
  const { lane, label } = app.traces[run];
  const events = byLabel ? app.shown[run].events : app.shown[run].lanes[lane[event]].events;
  let at = step > 0 ? lowerBound(events, event + 1) : lowerBound(events, event) - 1;
  while (byLabel && at >= 0 && at < events.length && label[events[at]] !== label[event]) at += step;
  if (at >= 0 && at < events.length) app.select([run, events[at]]);
  else announce("There is no further one.");
}

/** Selects what is nearest to the cursor on the chosen lane. @param {App} app */
function selectAtCursor(app) {
  const [run, lane] = shownLane(app);
  const event = app.shown[run].nearest(lane, app.view.cursor - app.shifts[run]);
  if (event >= 0) app.select([run, event]);
}

/** @param {App} app @param {number} step */
function stepLane(app, step) {
  const lanes = app.runs.flatMap((run) => app.traces[run].run.lanes.map(({ name }, lane) => ({ run, lane, name })))
    .filter(({ name }) => !app.view.hiddenLanes.includes(name));
  const [run, lane] = shownLane(app);
  const at = lanes.findIndex((other) => other.run === run && other.lane === lane);
  const next = lanes[Math.max(0, Math.min(lanes.length - 1, at + step))];
  if (!next) return;
  app.change({ lane: [next.run, next.lane] });
  announce(`Lane ${next.name}`);
}

/** @param {App} app @param {Toolbar} toolbar @param {Header} header @returns {[keys: string, words: string, act: () => void][]} keys apart by spaces */
function keyTable(app, toolbar, header) {
  return [
    ["v", "Go to the violation", () => app.goToViolation()],
    ["d", "Go to the first difference of two runs", () => app.goToDivergence()],
    ["f", "Show the whole run", () => app.fit()],
    ["+ =", "Zoom in", () => app.zoom(0.625)],
    ["-", "Zoom out", () => app.zoom(1.6)],
    ["ArrowLeft", "Earlier", () => app.pan(-0.1)],
    ["ArrowRight", "Later", () => app.pan(0.1)],
    ["PageUp", "A window earlier", () => app.pan(-0.9)],
    ["PageDown", "A window later", () => app.pan(0.9)],
    ["ArrowUp", "The lane above", () => stepLane(app, -1)],
    ["ArrowDown", "The lane below", () => stepLane(app, 1)],
    ["Enter", "Select the event at the cursor on the chosen lane", () => selectAtCursor(app)],
    ["[", "To the cause of the selected event", () => stepCause(app)],
    ["]", "To its first effect", () => stepEffect(app)],
    ["n", "Next event of the lane", () => stepAlong(app, 1)],
    ["p", "Previous event of the lane", () => stepAlong(app, -1)],
    ["N", "Next event with the same label", () => stepAlong(app, 1, true)],
    ["P", "Previous event with the same label", () => stepAlong(app, -1, true)],
    [".", "Cursor to the next event", () => moveCursor(app, 1)],
    [",", "Cursor to the previous event", () => moveCursor(app, -1)],
    ["/", "Search", () => toolbar.box.focus()],
    ["g", "Next hit", () => toolbar.hit(1)],
    ["G", "Previous hit", () => toolbar.hit(-1)],
    ["r", "Show or hide routine events", () => app.change({ routine: !app.view.routine })],
    ["t", "Lanes or table", () => app.change({ main: app.view.main === "table" ? "lanes" : "table" })],
    ["1", "Story", () => app.change({ side: "story" })],
    ["2", "Selected event", () => app.change({ side: "event" })],
    ["3", "State of a lane", () => app.change({ side: "state" })],
    ["4", "Filters", () => app.change({ side: "filters" })],
    ["y", "Copy the line that reproduces the run", () => header.copy.click()],
    ["Y", "Copy a link to this view", () => header.copyLink()],
    ["C", "Theme", () => header.nextTheme()],
    ["Escape", "Select nothing", () => app.select(null)],
    ["?", "This help", openHelp],
  ];
}

/** Whether a key pressed there belongs to the element. @param {EventTarget | null} target @param {string} key */
function ownsKey(target, key) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== "range" || /^(Arrow|Page|Home|End)/.test(key);
  if (target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return true;
  if (key === "Enter" || key === " ") return target.closest("button, summary, a, [role=grid]") !== null;
  // What scrolls keeps the keys that scroll.
  return /^(Arrow(Up|Down)|Page|Home|End)/.test(key) && target.closest(".panel, [role=grid]") !== null;
}

/** @param {ReturnType<typeof keyTable>} table */
function listenToKeys(table) {
  const acts = new Map(table.flatMap(([keys, , act]) => keys.split(" ").map((key) => [key, act])));
  document.addEventListener("keydown", (key) => {
    const act = acts.get(key.key);
    if (!act || key.defaultPrevented || key.ctrlKey || key.metaKey || key.altKey || ownsKey(key.target, key.key)) return;
    if (/** @type {HTMLDialogElement} */ (byId("help")).open) return;
    key.preventDefault();
    act();
  });
}

/** @type {Record<string, string>} */
const KEY_NAMES = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", PageUp: "Page ↑", PageDown: "Page ↓", Escape: "Esc" };

/** @param {ReturnType<typeof keyTable>} table */
function fillHelp(table) {
  const help = /** @type {HTMLDialogElement} */ (byId("help"));
  help.append(
    h("h2", { id: "help-title" }, "Keys"),
    h("p", {}, "On the lanes, the wheel or two fingers zoom, dragging moves, a click selects. In the strip above, drag to choose a window, drag the window to move it, drag its edges to resize it. The address keeps all that you look at: copy it, or go back."),
    h("dl", { class: "keys", tabindex: "0" }, ...table.map(([keys, words]) =>
      h("div", {}, h("dt", {}, ...keys.split(" ").map((key) => h("kbd", {}, KEY_NAMES[key] ?? key))), h("dd", {}, words)))),
    h("form", { method: "dialog" }, h("button", { autofocus: true }, "Close")));
  help.onclick = (click) => {
    if (click.target === help) help.close();
  };
}

function openHelp() {
  /** @type {HTMLDialogElement} */ (byId("help")).showModal();
}
