"use strict";
// What lies under the events: faults, roles, what was down, and pinned fields as curves.

/**
 * The pixels of a span of time within the window, a little beyond its edges; null if it is outside.
 * @param {Frame} frame @param {number} from @param {number} to
 * @returns {[number, number] | null}
 */
function spanOf(frame, from, to) {
  if (to < frame.from || from > frame.to) return null;
  return [Math.max(frame.left - 9, xOf(frame, from)), Math.min(frame.width + 9, xOf(frame, to))];
}

/** @param {Pen} pen @param {Scene} scene @param {Panel} panel */
function drawFaults(pen, { frame, palette }, { trace, rows, shift }) {
  const { faults, lanes, end } = trace.run;
  /** Where each line of bars on the world's lane is free again. */
  const free = [-Infinity, -Infinity, -Infinity];
  const world = rows[lanes.findIndex((lane) => lane.kind === "world")];
  for (const fault of faults) {
    const span = spanOf(frame, fault.from + shift, (fault.to ?? end) + shift);
    if (!span) continue;
    const [x, width] = [span[0], Math.max(2, span[1] - span[0])];
    const fill = palette.fault(fault.kind);
    const boxes = fault.lanes.flatMap((lane) => {
      const row = rows[lane];
      return row ? [x, row.y + 1, width, row.height - 1] : [];
    });
    pen.rects(boxes, { fill, alpha: 0.13 });
    if (!world) continue;
    const line = Math.max(0, free.findIndex((end) => end <= x));
    free[line] = x + width;
    const height = Math.floor((world.height - 4) / 3);
    const y = world.y + 2 + line * height;
    pen.rects([x, y, width, height - 1], { fill, alpha: 0.4 });
    if (width > pen.measure(fault.what, 10) + 8) pen.text(Math.max(x, frame.left) + 4, y + height / 2, fault.what, { fill: palette.named.text, size: 10 });
  }
}

/**
 * The lines of the lanes, by role. A crashed node has none.
 * @param {Pen} pen @param {Scene} scene @param {Panel} panel
 */
function drawLines(pen, { frame, palette }, { trace, states, rows, shift }) {
  /** @type {Map<string, number[]>} */
  const byRole = new Map();
  /** @param {string} role @param {number} x @param {number} until @param {number} y */
  const add = (role, x, until, y) => {
    const points = byRole.get(role) ?? [];
    byRole.set(role, points);
    points.push(x, y, until, y);
  };
  rows.forEach((row, lane) => {
    if (!row) return;
    const y = Math.round(middle(row)) + 0.5;
    const crashes = trace.run.down.filter((down) => down.lane === lane && down.why === "crash");
    const spans = states.roles[lane];
    if (spans.length === 0) add("", frame.left, Math.min(frame.width, xOf(frame, trace.run.end + shift)), y);
    let drawn = -Infinity;
    for (const span of spans) {
      const pixels = spanOf(frame, span.from + shift, span.to + shift);
      // Many short spans in one pixel would only cost time.
      if (!pixels || pixels[1] - drawn < 0.4) continue;
      drawn = pixels[1];
      let [x] = pixels;
      for (const crash of crashes) {
        const gap = spanOf(frame, crash.from + shift, (crash.to ?? trace.run.end) + shift);
        if (!gap || gap[1] <= x || gap[0] >= pixels[1]) continue;
        if (gap[0] > x) add(span.value, x, gap[0], y);
        x = Math.max(x, gap[1]);
      }
      if (x < pixels[1]) add(span.value, x, pixels[1], y);
    }
  });
  for (const [role, points] of byRole) pen.segments(points, palette.role(role));
}

const HATCH_GAP = 7;

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

/** @param {Pen} pen @param {Scene} scene @param {Panel} panel */
function drawDown(pen, { frame, palette }, { trace, rows, shift }) {
  const { named } = palette;
  /** @type {number[]} */
  const lines = [];
  for (const { lane, from, to, why } of trace.run.down) {
    const row = rows[lane];
    const span = row && spanOf(frame, from + shift, (to ?? trace.run.end) + shift);
    if (!row || !span) continue;
    const width = Math.max(1, span[1] - span[0]);
    if (why === "pause") hatch(lines, span[0], row.y + 5, width, row.height - 10, xOf(frame, from + shift));
    else pen.marks("cross", [xOf(frame, from + shift), middle(row)], 5, { stroke: named.danger, width: 2 });
    const words = why === "pause" ? "paused" : "crashed";
    if (width < pen.measure(words, 11) + 24) continue;
    const x = Math.max(span[0], frame.left) + 12;
    if (why === "crash") pen.text(x, middle(row), words, { fill: named.muted });
    else pen.text(x, row.y + row.height - 10, words, { fill: named.muted });
  }
  pen.segments(lines, { stroke: named.hatch, alpha: 0.6 });
}

/**
 * Pinned fields as curves, all lanes on one scale so that they can be compared.
 * @param {Pen} pen @param {Scene} scene @param {Panel} panel
 */
function drawCurves(pen, { frame, view, palette }, { trace, states, rows, shift }) {
  const now = trace.indexAt(view.cursor - shift);
  view.pins.forEach((name, pin) => {
    if (!states.isNumeric(name)) return;
    const stroke = palette.pins[pin % palette.pins.length];
    const series = rows.map((row, lane) => (row ? states.spans(lane, name) : []));
    const [low, high] = boundsOf(series);
    rows.forEach((row, lane) => {
      if (!row || series[lane].length === 0) return;
      const points = curve(frame, series[lane], shift, (value) => row.y + row.height - 5 - ((value - low) / (high - low || 1)) * (row.height - 16));
      pen.polyline(points, { stroke, width: 1.5, alpha: 0.9 });
      const value = states.value(lane, states.field.get(name) ?? -1, now);
      pen.text(frame.left + 6 + pin * 96, row.y + 8, `${name} ${value}`, { fill: stroke, size: 10, bold: true });
    });
  });
}

/** @param {{value: string}[][]} series @returns {[low: number, high: number]} */
function boundsOf(series) {
  let [low, high] = [Infinity, -Infinity];
  for (const spans of series) {
    for (const { value } of spans) {
      if (value === "") continue;
      low = Math.min(low, Number(value));
      high = Math.max(high, Number(value));
    }
  }
  return [low, high];
}

/**
 * @param {Frame} frame @param {{from: number, to: number, value: string}[]} spans @param {number} shift
 * @param {(value: number) => number} y
 */
function curve(frame, spans, shift, y) {
  /** @type {number[]} */
  const points = [];
  for (const span of spans) {
    const pixels = span.value === "" ? null : spanOf(frame, span.from + shift, span.to + shift);
    const drawn = points.length > 0 ? points[points.length - 2] : -Infinity;
    if (pixels && pixels[1] - drawn >= 0.5) points.push(pixels[0], y(Number(span.value)), pixels[1], y(Number(span.value)));
  }
  return points;
}

/** @param {Pen} pen @param {Scene} scene @param {Panel} panel */
function drawDensity(pen, { frame, palette }, { shown, rows, shift }) {
  const bins = Math.max(1, Math.floor((frame.width - frame.left) / 3));
  const counts = rows.map((row, lane) => (row ? shown.density(lane, frame.from - shift, frame.to - shift, bins) : new Uint32Array(0)));
  const most = counts.reduce((max, lane) => lane.reduce((a, b) => Math.max(a, b), max), 1);
  /** @type {number[]} */
  const boxes = [];
  rows.forEach((row, lane) => {
    if (!row) return;
    counts[lane].forEach((count, bin) => {
      if (count === 0) return;
      // On whole pixels, which are much the fastest.
      const half = Math.max(1, Math.round((Math.log1p(count) / Math.log1p(most)) * (row.height / 2 - 4)));
      boxes.push(frame.left + bin * 3, Math.round(middle(row)) - half, 2, 2 * half);
    });
  });
  pen.rects(boxes, { fill: palette.named.message, alpha: 0.7 });
}
