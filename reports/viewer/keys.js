"use strict";
// Everything by keyboard.

/** To the cause of the selected event, or to its first effect. @param {App} app @param {boolean} effect */
function stepTo(app, effect) {
  const { selected, hops } = app.view;
  if (!selected) return;
  const [run, event] = selected;
  const next = effect ? app.traces[run].effectsOf(event)[0] : app.traces[run].cause[event];
  if (next >= 0) app.select([run, next], { hops });
  else announce(effect ? "It has no effect." : "It has no cause.");
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
  let at = beside(events, event, step);
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
  const lanes = layRows(app, 0).filter((row) => row.lane >= 0);
  const [run, lane] = shownLane(app);
  const at = lanes.findIndex((other) => other.run === run && other.lane === lane);
  const next = lanes[Math.max(0, Math.min(lanes.length - 1, at + step))];
  if (!next) return;
  app.change({ lane: [next.run, next.lane] });
  announce(`Lane ${next.name}`);
}

/** What each key does. The help, in the page, says it in words. @param {App} app @param {Toolbar} toolbar @param {Header} header @returns {Record<string, () => void>} */
function keyActs(app, toolbar, header) {
  return {
    v: () => app.goToViolation(),
    d: () => app.goToDivergence(),
    f: () => app.fit(),
    "+": () => app.zoom(0.625),
    "=": () => app.zoom(0.625),
    "-": () => app.zoom(1.6),
    ArrowLeft: () => app.pan(-0.1),
    ArrowRight: () => app.pan(0.1),
    PageUp: () => app.pan(-0.9),
    PageDown: () => app.pan(0.9),
    ArrowUp: () => stepLane(app, -1),
    ArrowDown: () => stepLane(app, 1),
    Enter: () => selectAtCursor(app),
    "[": () => stepTo(app, false),
    "]": () => stepTo(app, true),
    n: () => stepAlong(app, 1),
    p: () => stepAlong(app, -1),
    N: () => stepAlong(app, 1, true),
    P: () => stepAlong(app, -1, true),
    ".": () => moveCursor(app, 1),
    ",": () => moveCursor(app, -1),
    "/": () => toolbar.box.focus(),
    g: () => toolbar.hit(1),
    G: () => toolbar.hit(-1),
    a: () => app.change({ hiddenKinds: [], hiddenLabels: [], hiddenLanes: [] }),
    r: () => app.change({ routine: !app.view.routine }),
    t: () => app.change({ main: app.view.main === "table" ? "lanes" : "table" }),
    "1": () => app.change({ side: "story" }),
    "2": () => app.change({ side: "event" }),
    "3": () => app.change({ side: "state" }),
    "4": () => app.change({ side: "filters" }),
    y: () => header.copyLine(),
    Y: () => header.copyLink(),
    i: () => exportPng(app),
    s: () => exportSvg(app),
    C: () => header.nextTheme(),
    Escape: () => app.select(null),
    "?": openHelp,
  };
}

/** Whether a key pressed there belongs to the element. @param {EventTarget | null} target @param {string} key */
function ownsKey(target, key) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== "range" || /^(Arrow|Page|Home|End)/.test(key);
  if (target instanceof HTMLSelectElement) return true;
  if (key === "Enter" || key === " ") return target.closest("button, summary, a, [role=grid]") !== null;
  // What scrolls keeps the keys that scroll.
  return /^(Arrow(Up|Down)|Page|Home|End)/.test(key) && target.closest(".panel, [role=grid]") !== null;
}

/** Listens to the keys, and to the buttons that do what a key does. @param {Record<string, () => void>} acts */
function listenToKeys(acts) {
  /** @type {HTMLDialogElement} */
  const help = one("#help");
  document.addEventListener("keydown", (key) => {
    if (!Object.hasOwn(acts, key.key) || key.defaultPrevented || key.ctrlKey || key.metaKey || key.altKey || help.open || ownsKey(key.target, key.key)) return;
    key.preventDefault();
    acts[key.key]();
  });
  document.addEventListener("click", (click) => {
    const pressed = around(click, "data-act");
    if (pressed) acts[pressed.dataset.act ?? ""]();
    if (click.target === help) help.close();
  });
}

function openHelp() {
  /** @type {HTMLDialogElement} */ (one("#help")).showModal();
}
