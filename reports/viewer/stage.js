"use strict";
// The lanes on their canvas, and what a pointer can do there.

const PICK_REACH = 8;

class Stage extends Pane {
  names = one(".names");
  note = one(".note");
  /** @type {HTMLCanvasElement} */
  canvas = one("#lanes");
  /** @type {Map<number, PointerEvent>} */
  pointers = new Map();
  /** @type {Scene | null} */
  scene = null;
  /** For which size of the place the rows were laid. */
  size = [0, 0];
  width = 0;
  /** @type {Row[]} */
  rows = [];
  dragged = false;
  grabbed = { x: 0, from: 0, to: 0 };

  start() {
    const { app, canvas, place } = this;
    new ResizeObserver(() => {
      if (!place.hidden && (place.clientWidth !== this.size[0] || place.clientHeight !== this.size[1])) this.lay();
    }).observe(place);
    canvas.addEventListener("wheel", (wheel) => this.wheel(wheel), { passive: false });
    canvas.onpointerdown = (down) => this.down(down);
    canvas.onpointermove = (move) => this.move(move);
    canvas.onpointerup = (up) => this.up(up);
    canvas.onpointercancel = (up) => this.pointers.delete(up.pointerId);
    canvas.onpointerleave = hideTip;
    // Paper is light, whatever the screen is.
    for (const moment of ["beforeprint", "afterprint"]) {
      addEventListener(moment, () => {
        app.dress(moment === "beforeprint" ? "light" : app.view.theme);
        for (const pane of app.panes) pane.paint();
      });
    }
  }

  update() {
    const { app } = this;
    this.place.hidden = app.view.main !== "lanes";
    if (this.place.hidden) return;
    if (app.touched("runs", "hiddenLanes", "main")) this.lay();
    else this.paint();
    if (app.touched("cursor", "lane", "selected")) this.nameRoles();
  }

  lay() {
    const { app, place } = this;
    this.size = [place.clientWidth, place.clientHeight];
    this.rows = layRows(app, Math.max(200, this.size[1]));
    this.width = Math.max(120, this.size[0] - this.names.offsetWidth);
    this.names.replaceChildren(...this.rows.filter((row) => row.lane >= 0).map((row) =>
      h("button", {
        type: "button", "data-ref": `${row.run}.${row.lane}`, class: row.height < 36 ? "name low" : "name", title: `State of ${row.name}`,
        style: `top:${row.y}px;height:${row.height}px`, onclick: () => app.change({ lane: [row.run, row.lane], side: "state" }),
      }, h("span", {}, row.name), h("span", { class: "role" }))));
    this.scene = null;
    this.paint();
    this.nameRoles();
  }

  paint() {
    const { app, canvas, note, width } = this;
    if (width === 0) return;
    const scene = compose(app, this.rows, 0, width);
    const { height } = scene.frame;
    // To set its size clears a canvas and costs time.
    const context = this.scene ? canvas.getContext("2d") : contextOf(canvas, width, height);
    if (!this.scene) this.names.style.height = `${height}px`;
    this.scene = scene;
    if (!context) return;
    const { dense, shapes } = drawScene(new Pen(context, width, height), scene);
    note.hidden = !dense;
    if (dense) note.textContent = `${grouped(shapes)} shapes in view: drawn as density. Zoom in for single events.`;
  }

  nameRoles() {
    const { app } = this;
    const { lane: chosen, cursor } = app.view;
    for (const element of every(".name", this.names)) {
      const [run, lane] = (element.dataset.ref ?? "").split(".").map(Number);
      const time = cursor - app.shifts[run];
      const down = app.traces[run].run.down.find((d) => d.lane === lane && d.from <= time && time < d.to);
      const words = down ? { pause: "paused", crash: "crashed" }[down.why] : app.states[run].value(lane, "role", app.now(run));
      if (element.lastChild && element.lastChild.textContent !== words) element.lastChild.textContent = words;
      element.ariaPressed = String(chosen?.[0] === run && chosen[1] === lane);
    }
  }

  /** @param {WheelEvent} wheel */
  wheel(wheel) {
    if (!this.scene) return;
    wheel.preventDefault();
    const unit = wheel.deltaMode === 1 ? 16 : 1;
    const sideways = Math.abs(wheel.deltaX) > Math.abs(wheel.deltaY) ? wheel.deltaX : wheel.shiftKey ? wheel.deltaY : 0;
    if (sideways !== 0) this.app.pan((sideways * unit) / this.width);
    else this.app.zoom(Math.exp(Math.max(-1, Math.min(1, wheel.deltaY * unit * (wheel.ctrlKey ? 0.01 : 0.002)))), timeAt(this.scene.frame, wheel.offsetX));
  }

  /** @param {number} x */
  grab(x) {
    const { from, to } = this.app.view;
    this.grabbed = { x, from, to };
  }

  /** @param {PointerEvent} down */
  down(down) {
    this.pointers.set(down.pointerId, down);
    this.dragged = false;
    this.grab(down.offsetX);
    this.canvas.setPointerCapture(down.pointerId);
    hideTip();
  }

  /** @param {PointerEvent} move */
  move(move) {
    const { app, pointers, grabbed, scene } = this;
    if (!scene) return;
    if (!pointers.has(move.pointerId)) {
      this.hover(move);
      return;
    }
    if (pointers.size === 2) {
      const apart = (/** @type {PointerEvent[]} */ [a, b]) => Math.max(10, Math.abs(a.offsetX - b.offsetX));
      const before = apart([...pointers.values()]);
      pointers.set(move.pointerId, move);
      const fingers = [...pointers.values()];
      this.dragged = true;
      app.zoom(before / apart(fingers), timeAt(scene.frame, (fingers[0].offsetX + fingers[1].offsetX) / 2));
      return;
    }
    if (!this.dragged && Math.abs(move.offsetX - grabbed.x) < 4) return;
    this.dragged = true;
    this.canvas.classList.add("dragged");
    const by = ((grabbed.x - move.offsetX) / this.width) * (grabbed.to - grabbed.from);
    app.change(app.windowOf(grabbed.from + by, grabbed.to + by));
  }

  /** @param {PointerEvent} up */
  up(up) {
    const { app, scene } = this;
    this.canvas.classList.remove("dragged");
    this.pointers.delete(up.pointerId);
    // The finger that stays goes on dragging from where it is.
    for (const rest of this.pointers.values()) this.grab(rest.offsetX);
    if (this.dragged || !scene) return;
    const hit = pick(scene, up.offsetX, up.offsetY);
    const cursor = Math.round(timeAt(scene.frame, up.offsetX));
    if (hit) app.select(hit);
    else app.change({ selected: null, cursor }, app.view.selected !== null);
  }

  /** @param {PointerEvent} move */
  hover(move) {
    const hit = move.pointerType === "mouse" && this.scene ? pick(this.scene, move.offsetX, move.offsetY) : null;
    this.canvas.style.cursor = hit ? "pointer" : "";
    if (!hit) {
      hideTip();
      return;
    }
    const [tip, [run, event]] = [one("#tip"), hit];
    const trace = this.app.traces[run];
    const operation = trace.run.operations.find((o) => o.from === event);
    tip.textContent = [
      `${trace.laneName(event)} · ${trace.words(event)}`,
      ...(operation ? [`${operation.asked} → ${operation.answer ?? "no answer"} (${operation.outcome})`] : []),
      ...(trace.hasLine(event) ? [`from ${trace.laneName(trace.cause[event])}, ${clock(trace.time[event] - trace.time[trace.cause[event]])} earlier`] : []),
      exactly(trace.time[event]),
    ].join("\n");
    tip.hidden = false;
    tip.style.left = `${Math.min(move.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.min(move.clientY + 14, innerHeight - tip.offsetHeight - 8)}px`;
  }
}

function hideTip() {
  one("#tip").hidden = true;
}

/** The event under a point: a mark, a bar, or else the message whose line is near. @param {Scene} scene @param {number} x @param {number} y @returns {Ref | null} */
function pick({ frame, panels }, x, y) {
  const row = frame.rows.find((r) => y >= r.y && y < r.y + r.height);
  const panel = panels.find((p) => p.run === row?.run);
  if (!row || !panel || row.lane < 0) return null;
  const { trace, shown, shift, run } = panel;
  const time = timeAt(frame, x) - shift;
  /** @param {number} event */
  const away = (event) => Math.abs(panel.x(trace.time[event]) - x);
  const slice = [...(panel.slice?.keys() ?? [])];
  if (Math.abs(y - middle(row)) <= 14) {
    const near = [...slice.filter((event) => trace.lane[event] === row.lane), shown.nearest(row.lane, time)].filter((event) => event >= 0 && away(event) <= PICK_REACH);
    if (near.length > 0) return [run, near.reduce((a, b) => (away(b) < away(a) ? b : a))];
    const bar = trace.run.operations.findLast(({ lane, start, end }) => lane === row.lane && start <= time && time <= end);
    if (bar) return [run, bar.from];
  }
  const fault = row.kind === "world" && trace.run.faults.findLast((f) => f.from <= time && time <= f.to);
  if (fault) return [run, fault.event];
  if (shown.shapes(panel.from, panel.to) > MOST_SHAPES) return null;
  let nearest = 5;
  let found = -1;
  for (const event of [...shown.lines(panel.from, panel.to), ...slice]) {
    const line = trace.hasLine(event) ? lineOf(panel, event)?.line : undefined;
    const distance = line ? distanceTo(line, x, y) : Infinity;
    if (distance < nearest) [nearest, found] = [distance, event];
  }
  return found < 0 ? null : [run, found];
}

/** @param {number[]} line @param {number} x @param {number} y */
function distanceTo([x1, y1, x2, y2], x, y) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const along = Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - x1 - along * dx, y - y1 - along * dy);
}
