"use strict";
// The lanes on their canvas, with the names beside it, and everything that a pointer can do there.

const PICK_REACH = 8;

/** @implements {Part} */
class Stage {
  /** @param {App} app @param {HTMLElement} place */
  constructor(app, place) {
    this.app = app;
    this.place = place;
    this.names = h("div", { class: "names", role: "group", "aria-label": "Lanes" });
    this.canvas = h("canvas", {
      id: "lanes", tabindex: "0", role: "img",
      "aria-label": "Lanes over time. Press question mark for the keys, or t for the events as a table.",
    });
    this.note = h("div", { class: "note", hidden: true });
    this.scroller = h("div", { class: "scroller" }, this.names, this.canvas);
    place.append(this.scroller, this.note);
    /** @type {Map<number, PointerEvent>} */
    this.pointers = new Map();
    /** @type {Scene | null} */
    this.scene = null;
    this.listen();
    new ResizeObserver(() => {
      if (place.clientWidth !== this.laid?.[0] || place.clientHeight !== this.laid[1]) this.update(new Set(["runs"]));
    }).observe(place);
    addEventListener("beforeprint", () => this.print(true));
    addEventListener("afterprint", () => this.print(false));
  }

  /** Paper is light, whatever the screen is. @param {boolean} on */
  print(on) {
    document.documentElement.dataset.theme = on ? "light" : this.app.view.theme;
    this.app.palette = new Palette(document.documentElement, this.app.traces);
    for (const part of this.app.parts) part.update(new Set(["theme"]));
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("wheel", (wheel) => this.wheel(wheel), { passive: false });
    canvas.addEventListener("pointerdown", (down) => this.down(down));
    canvas.addEventListener("pointermove", (move) => this.move(move));
    canvas.addEventListener("pointerup", (up) => this.up(up));
    canvas.addEventListener("pointercancel", (up) => this.pointers.delete(up.pointerId));
    canvas.addEventListener("pointerleave", () => this.hideTip());
  }

  /** @param {Set<Key>} changed */
  update(changed) {
    if (this.app.view.main !== "lanes") return;
    if (changed.has("runs") || changed.has("hiddenLanes") || changed.has("main") || !this.scene) this.lay();
    this.paint();
    if (["cursor", "lane", "runs", "hiddenLanes", "selected", "main"].some((key) => changed.has(/** @type {Key} */ (key)))) this.name();
  }

  lay() {
    const { app, canvas } = this;
    /** For which size of the place. */
    this.laid = [this.place.clientWidth, this.place.clientHeight];
    const height = Math.max(200, this.laid[1]);
    this.rows = layRows(app.traces, app.runs, app.view.hiddenLanes, height);
    const last = this.rows[this.rows.length - 1];
    this.height = last ? last.y + last.height + 2 : height;
    this.width = Math.max(120, this.place.clientWidth - this.names.offsetWidth);
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(this.width * ratio);
    canvas.height = Math.round(this.height * ratio);
    canvas.style.width = `${this.width}px`;
    canvas.style.height = `${this.height}px`;
    this.names.style.height = `${this.height}px`;
    this.fillNames();
  }

  /** @param {number} left the room for names, which are elements on the screen @returns {Scene} */
  compose(left = 0) {
    const { app } = this;
    const { from, to } = app.view;
    const rows = this.rows ?? [];
    /** @type {Frame} */
    const frame = { left, width: (this.width ?? 100) + left, height: this.height ?? 100, top: AXIS_HEIGHT, from, to, rows };
    return { view: app.view, frame, panels: app.panels(rows), palette: app.palette, diverges: app.header.diverges };
  }

  paint() {
    const context = this.canvas.getContext("2d");
    if (!context || !this.width || !this.height) return;
    const ratio = devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.scene = this.compose();
    const { dense, shapes } = drawScene(new CanvasPen(context, this.width, this.height), this.scene);
    this.note.hidden = !dense;
    if (dense) this.note.textContent = `${shapes.toLocaleString("en")} shapes in view: drawn as density. Zoom in for single events.`;
  }

  fillNames() {
    const { app } = this;
    const buttons = (this.rows ?? []).map((row) => {
      if (row.kind === "heading") return null;
      const role = h("span", { class: "role" });
      const element = h("button", {
        type: "button", "data-ref": `${row.run}.${row.lane}`, class: row.height < 36 ? "name low" : "name", style: `top:${row.y}px;height:${row.height}px`,
        onclick: () => app.change({ lane: [row.run, row.lane], side: "state" }),
      }, h("span", {}, row.name), role);
      return element;
    });
    this.names.replaceChildren(...buttons.filter((element) => element !== null));
  }

  /** Which lane is chosen, and what role each has at the cursor. */
  name() {
    const { app } = this;
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (this.names.querySelectorAll(".name"))) {
      const [run, lane] = (element.dataset.ref ?? "0.0").split(".").map(Number);
      const states = app.states[run];
      const time = app.view.cursor - app.shifts[run];
      const down = app.traces[run].run.down.find((d) => d.lane === lane && d.from <= time && time < (d.to ?? Infinity));
      const role = states.value(lane, states.field.get("role") ?? -1, app.now(run));
      const words = down ? (down.why === "pause" ? "paused" : "crashed") : role;
      const label = element.querySelector(".role");
      if (label && label.textContent !== words) label.textContent = words;
      const chosen = app.view.lane?.[0] === run && app.view.lane[1] === lane;
      element.setAttribute("aria-pressed", String(chosen));
      element.title = `State of ${app.traces[run].run.lanes[lane].name}`;
    }
  }

  /** @param {WheelEvent} wheel */
  wheel(wheel) {
    if (!this.scene) return;
    wheel.preventDefault();
    const unit = wheel.deltaMode === 1 ? 16 : 1;
    const sideways = Math.abs(wheel.deltaX) > Math.abs(wheel.deltaY) ? wheel.deltaX : wheel.shiftKey ? wheel.deltaY : 0;
    if (sideways !== 0) this.app.pan((sideways * unit) / this.scene.frame.width);
    else this.app.zoom(Math.exp(Math.max(-1, Math.min(1, wheel.deltaY * unit * (wheel.ctrlKey ? 0.01 : 0.002)))), timeAt(this.scene.frame, wheel.offsetX));
  }

  /** @param {PointerEvent} down */
  down(down) {
    this.pointers.set(down.pointerId, down);
    this.dragged = false;
    this.start = { x: down.offsetX, from: this.app.view.from, to: this.app.view.to };
    this.canvas.setPointerCapture(down.pointerId);
    this.hideTip();
  }

  /** @param {PointerEvent} move */
  move(move) {
    const { app, pointers, start, scene } = this;
    if (!scene) return;
    if (!pointers.has(move.pointerId)) {
      this.hover(move);
      return;
    }
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()];
      const before = Math.max(10, Math.abs(a.offsetX - b.offsetX));
      pointers.set(move.pointerId, move);
      const [c, d] = [...pointers.values()];
      const after = Math.max(10, Math.abs(c.offsetX - d.offsetX));
      this.dragged = true;
      app.zoom(before / after, timeAt(scene.frame, (c.offsetX + d.offsetX) / 2));
      return;
    }
    if (!start || (!this.dragged && Math.abs(move.offsetX - start.x) < 4)) return;
    this.dragged = true;
    this.canvas.classList.add("dragged");
    const by = ((start.x - move.offsetX) / scene.frame.width) * (start.to - start.from);
    app.change(app.windowOf(start.from + by, start.to + by));
  }

  /** @param {PointerEvent} up */
  up(up) {
    this.canvas.classList.remove("dragged");
    this.pointers.delete(up.pointerId);
    // The finger that stays goes on dragging from where it is.
    const rest = [...this.pointers.values()][0];
    if (rest) this.start = { x: rest.offsetX, from: this.app.view.from, to: this.app.view.to };
    if (this.dragged || !this.scene) return;
    const hit = pick(this.scene, up.offsetX, up.offsetY);
    if (hit) this.app.select(hit);
    else if (this.app.view.selected) this.app.select(null, { cursor: Math.round(timeAt(this.scene.frame, up.offsetX)) });
    else this.app.change({ cursor: Math.round(timeAt(this.scene.frame, up.offsetX)) });
  }

  /** @param {PointerEvent} move */
  hover(move) {
    if (move.pointerType !== "mouse" || !this.scene) return;
    const hit = pick(this.scene, move.offsetX, move.offsetY);
    this.canvas.style.cursor = hit ? "pointer" : "";
    if (!hit) {
      this.hideTip();
      return;
    }
    const tip = byId("tip");
    const trace = this.app.traces[hit[0]];
    const operation = trace.run.operations.find((o) => o.from === hit[1]);
    tip.textContent = [
      `${trace.laneName(hit[1])} · ${trace.kindOf(hit[1])} ${trace.labelOf(hit[1])}`,
      ...(operation ? [`${operation.asked} → ${operation.answer ?? "no answer"} (${operation.outcome})`] : []),
      ...(trace.hasLine(hit[1]) ? [`from ${trace.laneName(trace.cause[hit[1]])}, ${clock(trace.time[hit[1]] - trace.time[trace.cause[hit[1]]])} earlier`] : []),
      exactly(trace.time[hit[1]]),
    ].join("\n");
    tip.hidden = false;
    tip.style.left = `${Math.min(move.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.min(move.clientY + 14, innerHeight - tip.offsetHeight - 8)}px`;
  }

  hideTip() {
    byId("tip").hidden = true;
  }
}

/**
 * The event under a point: a mark, a bar, or else the message whose line is near.
 * @param {Scene} scene @param {number} x @param {number} y
 * @returns {Ref | null}
 */
function pick(scene, x, y) {
  const { frame, panels } = scene;
  const row = frame.rows.find((r) => y >= r.y && y < r.y + r.height);
  const panel = panels.find((p) => p.run === row?.run);
  if (!row || !panel || row.lane < 0) return null;
  const { trace, shown, shift, run } = panel;
  const time = timeAt(frame, x) - shift;
  const reach = (PICK_REACH * (frame.to - frame.from)) / (frame.width - frame.left);
  const ownSlice = [...(panel.slice?.keys() ?? [])].filter((event) => trace.lane[event] === row.lane);
  if (Math.abs(y - middle(row)) <= 14) {
    const candidates = [...ownSlice, shown.nearest(row.lane, time)].filter((event) => event >= 0);
    const best = candidates.sort((a, b) => Math.abs(trace.time[a] - time) - Math.abs(trace.time[b] - time))[0];
    if (best !== undefined && Math.abs(trace.time[best] - time) <= reach) return [run, best];
    const bar = trace.run.operations.findLast((operation, i) => operation.lane === row.lane && panel.operations.from[i] <= time && time <= panel.operations.to[i]);
    if (bar) return [run, bar.from];
  }
  if (row.kind === "world") {
    const fault = trace.run.faults.findLast((f) => f.from <= time && time <= (f.to ?? trace.run.end));
    if (fault) return [run, fault.event];
  }
  return pickLine(scene, panel, x, y);
}

/** @param {Scene} scene @param {Panel} panel @param {number} x @param {number} y @returns {Ref | null} */
function pickLine({ frame }, panel, x, y) {
  const { shown, shift, run } = panel;
  if (shown.shapes(frame.from - shift, frame.to - shift) > MOST_SHAPES) return null;
  let nearest = 5;
  /** @type {Ref | null} */
  let found = null;
  for (const event of [...shown.lines(frame.from - shift, frame.to - shift), ...(panel.slice?.keys() ?? [])]) {
    const line = panel.trace.hasLine(event) ? lineOf(frame, panel, event)?.line : undefined;
    const distance = line ? distanceTo(line, x, y) : Infinity;
    if (distance < nearest) {
      nearest = distance;
      found = [run, event];
    }
  }
  return found;
}

/** From a point to a segment. @param {number[]} line @param {number} x @param {number} y */
function distanceTo([x1, y1, x2, y2], x, y) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const along = Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - x1 - along * dx, y - y1 - along * dy);
}
