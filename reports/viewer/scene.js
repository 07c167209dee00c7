"use strict";
// Where the lanes stand, and what lies under the events.

const AXIS_HEIGHT = 24;
/** Above so many shapes single ones can no longer be told apart: the density is drawn instead. */
const MOST_SHAPES = 8000;
const ROW_HEIGHTS = { node: 46, client: 36, world: 40, heading: 24 };
const HATCH_GAP = 7;

/** Points, by what they are drawn with. @template K @extends {Map<K, number[]>} */
class Bundles extends Map {
  /** @param {K} key @param {...number} points */
  add(key, ...points) {
    const bundle = this.get(key);
    if (bundle) for (const point of points) bundle.push(point);
    else this.set(key, points);
  }
}

/** The rows from top to bottom. They are stretched, within bounds, to fill the height. @param {App} app @param {number} height @returns {Row[]} */
function layRows(app, height) {
  const runs = app.runs;
  const rows = runs.flatMap((run) => {
    const { name, lanes } = app.traces[run].run;
    const own = lanes.map((lane, index) => ({ run, lane: index, name: lane.name, kind: /** @type {Row["kind"]} */ (lane.kind), y: 0, height: 0 }));
    const seen = own.filter((row) => !app.view.hiddenLanes.includes(row.name));
    return runs.length > 1 ? [{ run, lane: -1, name, kind: /** @type {const} */ ("heading"), y: 0, height: 0 }, ...seen] : seen;
  });
  const natural = rows.reduce((sum, row) => sum + ROW_HEIGHTS[row.kind], 0);
  const stretch = Math.max(0.6, Math.min(3, (height - AXIS_HEIGHT) / Math.max(1, natural)));
  let y = AXIS_HEIGHT;
  for (const row of rows) {
    row.y = y;
    row.height = row.kind === "heading" ? ROW_HEIGHTS.heading : Math.floor(ROW_HEIGHTS[row.kind] * stretch);
    y += row.height;
  }
  return rows;
}

/**
 * All that is drawn of the window.
 * @param {App} app @param {Row[]} rows @param {number} left the room for names, which are elements on the screen @param {number} width
 * @returns {Scene}
 */
function compose(app, rows, left, width) {
  const { view, palette } = app;
  const last = rows[rows.length - 1];
  const frame = { left, width, height: (last ? last.y + last.height : AXIS_HEIGHT) + 2, from: view.from, to: view.to, rows };
  const panels = app.runs.map((run) => {
    const trace = app.traces[run];
    const shift = app.shifts[run];
    /** @type {Panel} */
    const panel = {
      run, trace, states: app.states[run], shown: app.shown[run], shift, from: view.from - shift, to: view.to - shift,
      slice: view.selected?.[0] === run ? app.slice : null, hits: app.hits[run],
      rows: trace.run.lanes.map((_, lane) => rows.find((row) => row.run === run && row.lane === lane)),
      x: (time) => xOf(frame, time + shift),
      span: (from, to) => (to < panel.from || from > panel.to ? null : [Math.max(left - 9, panel.x(from)), Math.min(width + 9, panel.x(to))]),
    };
    return panel;
  });
  return { view, frame, panels, palette, ink: palette.ink, diverges: app.header.diverges };
}

/** @param {Frame} frame @param {number} time on the common axis */
function xOf(frame, time) {
  return frame.left + ((time - frame.from) / (frame.to - frame.from)) * (frame.width - frame.left);
}

/** @param {Frame} frame @param {number} x */
function timeAt(frame, x) {
  return frame.from + ((x - frame.left) / (frame.width - frame.left)) * (frame.to - frame.from);
}

/** @param {Row} row */
function middle(row) {
  return row.y + row.height / 2;
}

/** @param {Pen} pen @param {Scene} scene */
function drawScene(pen, scene) {
  const { frame, panels, ink } = scene;
  const shapes = panels.reduce((sum, { shown, from, to }) => sum + shown.shapes(from, to), 0);
  const dense = shapes > MOST_SHAPES;
  pen.rects([0, 0, pen.width, pen.height], { fill: ink.back });
  drawAxis(pen, scene);
  pen.clip(frame.left, AXIS_HEIGHT, frame.width - frame.left, frame.height - AXIS_HEIGHT);
  for (const panel of panels) {
    for (const draw of [drawFaults, drawLines, drawDown, drawCurves]) draw(pen, scene, panel);
    if (dense) drawDensity(pen, scene, panel);
    drawOperations(pen, scene, panel);
    if (!dense) drawEvents(pen, scene, panel);
    drawHits(pen, scene, panel);
    drawSlice(pen, scene, panel);
  }
  drawMarkers(pen, scene);
  pen.unclip();
  for (const row of frame.rows) {
    if (row.kind === "heading") drawHeading(pen, scene, row);
    else if (frame.left > 0) pen.text(frame.left - 8, middle(row), row.name, { fill: ink.text, size: 12, align: "right" });
  }
  return { dense, shapes };
}

/** @param {Pen} pen @param {Scene} scene */
function drawAxis(pen, { frame, ink, panels }) {
  const { left, width, height, rows } = frame;
  const wanted = (frame.to - frame.from) / Math.max(2, (width - left) / 110);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = Math.max(1, power * ([1, 2, 5, 10].find((m) => m * power >= wanted) ?? 10));
  // With one run the axis tells its own time.
  const shift = panels.length === 1 ? panels[0].shift : 0;
  /** @type {number[]} */
  const ticks = [];
  pen.clip(left, 0, width - left, height);
  for (let tick = Math.ceil((frame.from - shift) / step) * step; tick <= frame.to - shift; tick += step) {
    const x = Math.round(xOf(frame, tick + shift)) + 0.5;
    ticks.push(x, AXIS_HEIGHT - 5, x, height);
    pen.text(x + 3, 10, clock(tick, step), { fill: ink.muted });
  }
  pen.segments(ticks, { stroke: ink.line, alpha: 0.55 });
  pen.unclip();
  pen.segments(rows.flatMap((row) => [left, row.y + 0.5, width, row.y + 0.5]), { stroke: ink.line, alpha: 0.7 });
}

/** @param {Pen} pen @param {Scene} scene @param {Row} row */
function drawHeading(pen, { frame, ink, panels }, row) {
  pen.rects([0, row.y, frame.width, row.height], { fill: ink.panel });
  const shift = panels.find((panel) => panel.run === row.run)?.shift ?? 0;
  const note = shift === 0 ? "" : ` — drawn ${clock(Math.abs(shift))} ${shift < 0 ? "earlier" : "later"}, to meet the other where they diverge`;
  pen.text(frame.left + 8, middle(row), `${"AB"[row.run]}: ${row.name}${note}`, { fill: ink.text, size: 12, bold: true });
}

/** @param {Pen} pen @param {Scene} scene */
function drawMarkers(pen, { frame, view, panels, ink, diverges }) {
  const now = Math.round(xOf(frame, view.cursor)) + 0.5;
  pen.segments([now, AXIS_HEIGHT - 6, now, frame.height], { stroke: ink.text, alpha: 0.8 });
  for (const { run, trace, x: place } of panels) {
    const own = frame.rows.filter((row) => row.run === run && row.lane >= 0);
    if (own.length === 0) continue;
    const [top, bottom] = [own[0].y, own[own.length - 1].y + own[own.length - 1].height];
    /** @param {number} time @param {number} y @param {string} words @param {Stroke & {stroke: string}} style */
    const mark = (time, y, words, style) => {
      const x = Math.round(place(time)) + 0.5;
      pen.segments([x, top, x, bottom], style);
      const fits = x + 10 + pen.measure(words, 11) < frame.width;
      pen.text(fits ? x + 9 : x - 9, y, words, { fill: style.stroke, bold: true, align: fits ? "left" : "right" });
    };
    const { violation } = trace.run;
    violation?.against.forEach((event, i) => mark(trace.time[event], top + 22, i === 0 ? "the violation goes against this" : "", { stroke: ink.danger, width: 1, dash: [3, 3] }));
    if (violation) {
      mark(violation.t, top + 8, `${violation.property} violated`, { stroke: ink.danger, width: 2 });
      pen.marks("down", [place(violation.t), top + 6], 6, { fill: ink.danger });
    }
    const at = panels.length > 1 ? diverges?.at[run] : undefined;
    if (at !== undefined && at < trace.count) mark(trace.time[at], bottom - 8, "first difference", { stroke: ink.effect, width: 2, dash: [6, 4] });
  }
}

/** How many faults may be in force at once on the world's lane and still have lines of their own. */
const FAULT_LINES = 5;

/** A fault in few words: whom it strikes and how, without the names of what is told. @param {Fault} fault */
const inBrief = ({ what }) => what.replace(/[\w-]+ = /g, "").replace(/[{}"]/g, "").replace(/\s+/g, " ").trim();

/** @type {Paint} */
const drawFaults = (pen, { frame, palette, ink }, { trace, rows, span }) => {
  /** Where each line of bars on the world's lane is free again. */
  const free = Array.from({ length: FAULT_LINES }, () => -Infinity);
  const world = rows[trace.run.lanes.findIndex((lane) => lane.kind === "world")];
  for (const fault of trace.run.faults) {
    const place = span(fault.from, fault.to);
    if (!place) continue;
    const [x, width] = [place[0], Math.max(2, place[1] - place[0])];
    const fill = palette.fault(fault.kind);
    pen.rects(fault.lanes.flatMap((lane) => (rows[lane] ? [x, rows[lane].y + 1, width, rows[lane].height - 1] : [])), { fill, alpha: 0.13 });
    if (!world) continue;
    const own = free.findIndex((until) => until <= x);
    // One that finds no line is drawn over the first, without words.
    const line = Math.max(0, own);
    free[line] = Math.max(free[line], x + width);
    const height = Math.floor((world.height - 4) / FAULT_LINES);
    const y = world.y + 2 + line * height;
    pen.rects([x, y, width, height - 1], { fill, alpha: 0.4 });
    const words = inBrief(fault);
    if (own >= 0 && width > pen.measure(words, 10) + 8) pen.text(Math.max(x, frame.left) + 4, y + height / 2, words, { fill: ink.text, size: 10 });
  }
};

/** The lines of the lanes, by role. A crashed node has none. @type {Paint} */
const drawLines = (pen, { frame, palette, ink }, { trace, states, rows, x: place, span }) => {
  /** @type {Bundles<string>} */
  const byRole = new Bundles();
  rows.forEach((row, lane) => {
    if (!row) return;
    const y = Math.round(middle(row)) + 0.5;
    const crashes = trace.run.down.filter((down) => down.lane === lane && down.why === "crash");
    const spans = states.roles[lane];
    if (spans.length === 0) byRole.add("", frame.left, y, Math.min(frame.width, place(trace.run.end)), y);
    let drawn = -Infinity;
    for (const { from, to, value } of spans) {
      const pixels = span(from, to);
      // Many short spans in one pixel would only cost time.
      if (!pixels || pixels[1] - drawn < 0.4) continue;
      drawn = pixels[1];
      let [x] = pixels;
      for (const crash of crashes) {
        const gap = span(crash.from, crash.to);
        if (!gap || gap[1] <= x || gap[0] >= drawn) continue;
        if (gap[0] > x) byRole.add(value, x, y, gap[0], y);
        x = gap[1];
      }
      if (x < drawn) byRole.add(value, x, y, drawn, y);
    }
  });
  for (const [role, points] of byRole) pen.segments(points, palette.roles.get(role) ?? { stroke: ink.line });
};

/**
 * Diagonal lines that fill a box. They are anchored to `anchor`, so that they move with what they fill.
 * @param {number[]} points @param {number} x @param {number} y @param {number} width @param {number} height @param {number} anchor
 */
function hatch(points, x, y, width, height, anchor) {
  const first = x + y + ((((anchor - x) % HATCH_GAP) + HATCH_GAP) % HATCH_GAP);
  for (let c = first; c < x + width + y + height; c += HATCH_GAP) {
    const top = Math.max(y, c - x - width);
    const bottom = Math.min(y + height, c - x);
    if (bottom > top) points.push(c - top, top, c - bottom, bottom);
  }
}

/** @type {Paint} */
const drawDown = (pen, { frame, ink }, { trace, rows, x: place, span }) => {
  /** @type {number[]} */
  const lines = [];
  for (const { lane, from, to, why } of trace.run.down) {
    const row = rows[lane];
    const pixels = span(from, to);
    if (!row || !pixels) continue;
    const width = Math.max(1, pixels[1] - pixels[0]);
    const paused = why === "pause";
    if (paused) hatch(lines, pixels[0], row.y + 5, width, row.height - 10, place(from));
    else pen.marks("cross", [place(from), middle(row)], 5, { stroke: ink.danger, width: 2 });
    if (width > 66) pen.text(Math.max(pixels[0], frame.left) + 12, paused ? row.y + row.height - 10 : middle(row), paused ? "paused" : "crashed", { fill: ink.muted });
  }
  pen.segments(lines, { stroke: ink.hatch, alpha: 0.6 });
};

/** Pinned fields as curves, all lanes on one scale so that they can be compared. @type {Paint} */
const drawCurves = (pen, { frame, view, palette }, { trace, states, rows, shift, span }) => {
  const now = trace.indexAt(view.cursor - shift);
  view.pins.forEach((name, pin) => {
    const curve = states.curve(name);
    if (!curve) return;
    const { lanes, low, high } = curve;
    const stroke = palette.pins[pin % palette.pins.length];
    rows.forEach((row, lane) => {
      if (!row || lanes[lane].length === 0) return;
      /** @type {number[]} */
      const points = [];
      for (const { from, to, value } of lanes[lane]) {
        const pixels = span(from, to);
        const y = row.y + row.height - 5 - ((Number(value) - low) / (high - low || 1)) * (row.height - 16);
        if (pixels && pixels[1] - (points[points.length - 2] ?? -Infinity) >= 1.5) points.push(pixels[0], y, pixels[1], y);
      }
      pen.polyline(points, { stroke, width: 1.5, alpha: 0.9 });
      // Its name stands where the curve is not.
      const y = points[1] < middle(row) ? row.y + row.height - 7 : row.y + 8;
      pen.text(frame.left + 6 + pin * 96, y, `${name} ${states.value(lane, name, now)}`, { fill: stroke, size: 10, bold: true });
    });
  });
};

/** @type {Paint} */
const drawDensity = (pen, { frame, ink }, { shown, rows, from, to }) => {
  const bins = Math.max(1, Math.floor((frame.width - frame.left) / 3));
  const counts = rows.map((row, lane) => densityOf(row ? shown.lanes[lane].times : [], from, to, bins));
  const most = counts.reduce((max, lane) => lane.reduce((a, b) => Math.max(a, b), max), 1);
  /** @type {number[]} */
  const boxes = [];
  rows.forEach((row, lane) => counts[lane].forEach((count, bin) => {
    if (!row || count === 0) return;
    // On whole pixels, which are much the fastest.
    const half = Math.max(1, Math.round((Math.log1p(count) / Math.log1p(most)) * (row.height / 2 - 4)));
    boxes.push(frame.left + bin * 3, Math.round(middle(row)) - half, 2, 2 * half);
  }));
  pen.rects(boxes, { fill: ink.message, alpha: 0.7 });
};
