"use strict";
// Everything by keyboard. The table of keys is also what the help shows.

/** @param {App} app */
function stepCause(app) {
  const { selected } = app.view;
  const cause = selected ? app.traces[selected[0]].cause[selected[1]] : -1;
  if (selected && cause >= 0) app.select([selected[0], cause], { hops: app.view.hops });
  else announce("It has no cause.");
}

/** @param {App} app */
function stepEffect(app) {
  const { selected } = app.view;
  const effect = selected ? app.traces[selected[0]].effectsOf(selected[1])[0] : undefined;
  if (selected && effect !== undefined) app.select([selected[0], effect], { hops: app.view.hops });
  else announce("It has no effect.");
}

/**
 * To the next shown event of the same lane, or of the same label anywhere. Without a selection it starts at the cursor.
 * @param {App} app @param {1 | -1} step @param {boolean} byLabel
 */
function stepAlong(app, step, byLabel) {
  const { selected } = app.view;
  if (!selected) {
    selectAtCursor(app);
    return;
  }
  const [run, event] = selected;
  const trace = app.traces[run];
  const shown = app.shown[run];
  const events = byLabel ? shown.events : shown.lanes[trace.lane[event]].events;
  let at = step > 0 ? lowerBound(events, event + 1) : lowerBound(events, event) - 1;
  while (byLabel && at >= 0 && at < events.length && trace.label[events[at]] !== trace.label[event]) at += step;
  if (at >= 0 && at < events.length) app.select([run, events[at]]);
  else announce("There is no further one.");
}

/** Selects what is nearest to the cursor on the chosen lane. @param {App} app */
function selectAtCursor(app) {
  const [run, lane] = shownLane(app);
  const event = app.shown[run].nearest(lane, app.view.cursor - app.shifts[run]);
  if (event >= 0) app.select([run, event]);
}

/** @param {App} app @param {1 | -1} step */
function stepLane(app, step) {
  const lanes = app.runs.flatMap((run) => app.traces[run].run.lanes.map((lane, i) => ({ ref: /** @type {Ref} */ ([run, i]), name: lane.name })))
    .filter((lane) => !app.view.hiddenLanes.includes(lane.name));
  if (lanes.length === 0) return;
  const [run, lane] = shownLane(app);
  const at = lanes.findIndex(({ ref }) => ref[0] === run && ref[1] === lane);
  const next = lanes[Math.max(0, Math.min(lanes.length - 1, at + step))];
  app.change({ lane: next.ref });
  announce(`Lane ${next.name}`);
}

/** @param {App} app @param {Toolbar} toolbar @param {Header} header @returns {[keys: string[], words: string, act: () => void][]} */
function keyTable(app, toolbar, header) {
  return [
    [["v"], "Go to the violation", () => app.goToViolation()],
    [["d"], "Go to the first difference of two runs", () => app.goToDivergence()],
    [["f"], "Show the whole run", () => app.fit()],
    [["+", "="], "Zoom in", () => toolbar.zoom(0.625)],
    [["-"], "Zoom out", () => toolbar.zoom(1.6)],
    [["ArrowLeft"], "Earlier", () => app.pan(-0.1)],
    [["ArrowRight"], "Later", () => app.pan(0.1)],
    [["PageUp"], "A window earlier", () => app.pan(-0.9)],
    [["PageDown"], "A window later", () => app.pan(0.9)],
    [["ArrowUp"], "The lane above", () => stepLane(app, -1)],
    [["ArrowDown"], "The lane below", () => stepLane(app, 1)],
    [["Enter"], "Select the event at the cursor on the chosen lane", () => selectAtCursor(app)],
    [["["], "To the cause of the selected event", () => stepCause(app)],
    [["]"], "To its first effect", () => stepEffect(app)],
    [["n"], "Next event of the lane", () => stepAlong(app, 1, false)],
    [["p"], "Previous event of the lane", () => stepAlong(app, -1, false)],
    [["N"], "Next event with the same label", () => stepAlong(app, 1, true)],
    [["P"], "Previous event with the same label", () => stepAlong(app, -1, true)],
    [["."], "Cursor to the next event", () => moveCursor(app, 1)],
    [[","], "Cursor to the previous event", () => moveCursor(app, -1)],
    [["/"], "Search", () => toolbar.box.focus()],
    [["g"], "Next hit", () => toolbar.hit(1)],
    [["G"], "Previous hit", () => toolbar.hit(-1)],
    [["r"], "Show or hide routine events", () => app.change({ routine: !app.view.routine })],
    [["t"], "Lanes or table", () => app.change({ main: app.view.main === "table" ? "lanes" : "table" })],
    [["1"], "Story", () => app.change({ side: "story" })],
    [["2"], "Selected event", () => app.change({ side: "event" })],
    [["3"], "State of a lane", () => app.change({ side: "state" })],
    [["4"], "Filters", () => app.change({ side: "filters" })],
    [["y"], "Copy the line that reproduces the run", () => header.copyLine()],
    [["Y"], "Copy a link to this view", () => header.linkButton.click()],
    [["C"], "Theme", () => header.nextTheme()],
    [["Escape"], "Select nothing", () => app.select(null)],
    [["?"], "This help", openHelp],
  ];
}

/** Whether a key pressed there belongs to the element. @param {EventTarget | null} target @param {string} key */
function ownsKey(target, key) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== "range" || key.startsWith("Arrow") || key.startsWith("Page");
  if (target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return true;
  const pressed = key === "Enter" || key === " ";
  if (pressed) return target.closest("button, summary, a, [role=grid]") !== null;
  // What scrolls keeps the keys that scroll.
  return /^(Arrow(Up|Down)|Page|Home|End)/.test(key) && target.closest(".panel, [role=grid]") !== null;
}

/** @param {ReturnType<typeof keyTable>} table */
function listenToKeys(table) {
  const acts = new Map(table.flatMap(([keys, , act]) => keys.map((key) => [key, act])));
  document.addEventListener("keydown", (key) => {
    if (key.defaultPrevented || key.ctrlKey || key.metaKey || key.altKey || key.isComposing) return;
    if (/** @type {HTMLDialogElement} */ (byId("help")).open || ownsKey(key.target, key.key)) return;
    const act = acts.get(key.key);
    if (!act) return;
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
    h("dl", { class: "keys", tabindex: "0" }, ...table.map(([keys, words]) => h("div", {}, h("dt", {}, ...keys.map((key) => h("kbd", {}, KEY_NAMES[key] ?? key))), h("dd", {}, words)))),
    h("form", { method: "dialog" }, h("button", { autofocus: true }, "Close")),
  );
  help.addEventListener("click", (click) => {
    if (click.target === help) help.close();
  });
}

function openHelp() {
  /** @type {HTMLDialogElement} */ (byId("help")).showModal();
}
