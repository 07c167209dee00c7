"use strict";
// Where the lanes stand, and the order in which a picture is painted.

const AXIS_HEIGHT = 24;
/** Above so many shapes single ones can no longer be told apart: the density is drawn instead. */
const MOST_SHAPES = 8000;
const ROW_HEIGHTS = { node: 46, client: 36, world: 40, heading: 24 };

/**
 * The rows from top to bottom. They are stretched, within bounds, to fill the height.
 * @param {Trace[]} traces @param {number[]} runs @param {string[]} hidden @param {number} height
 * @returns {Row[]}
 */
function layRows(traces, runs, hidden, height) {
  /** @type {Row[]} */
  const rows = [];
  for (const run of runs) {
    const { name, lanes } = traces[run].run;
    if (runs.length > 1) rows.push({ run, lane: -1, name, kind: "heading", y: 0, height: 0 });
    lanes.forEach((lane, index) => {
      if (!hidden.includes(lane.name)) rows.push({ run, lane: index, name: lane.name, kind: lane.kind, y: 0, height: 0 });
    });
  }
  const natural = rows.reduce((sum, row) => sum + ROW_HEIGHTS[row.kind], 0);
  const stretch = Math.max(0.6, Math.min(1.5, (height - AXIS_HEIGHT) / Math.max(1, natural)));
  let y = AXIS_HEIGHT;
  for (const row of rows) {
    row.y = y;
    row.height = row.kind === "heading" ? ROW_HEIGHTS.heading : Math.floor(ROW_HEIGHTS[row.kind] * stretch);
    y += row.height;
  }
  return rows;
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

/**
 * How many shapes the window would take.
 * @param {Scene} scene
 */
function shapesIn({ panels, frame }) {
  return panels.reduce((sum, { shown, shift }) => sum + shown.shapes(frame.from - shift, frame.to - shift), 0);
}

/**
 * @param {Pen} pen @param {Scene} scene
 * @returns {{dense: boolean, shapes: number}}
 */
function drawScene(pen, scene) {
  const { frame, panels, palette } = scene;
  const shapes = shapesIn(scene);
  const dense = shapes > MOST_SHAPES;
  pen.rects([0, 0, pen.width, pen.height], { fill: palette.named.back });
  drawAxis(pen, scene);
  pen.clip(frame.left, frame.top, frame.width - frame.left, frame.height - frame.top);
  for (const panel of panels) {
    drawFaults(pen, scene, panel);
    drawLines(pen, scene, panel);
    drawDown(pen, scene, panel);
    drawCurves(pen, scene, panel);
    if (dense) drawDensity(pen, scene, panel);
    drawOperations(pen, scene, panel);
    if (!dense) drawEvents(pen, scene, panel);
    drawHits(pen, scene, panel);
    drawSlice(pen, scene, panel);
  }
  drawMarkers(pen, scene);
  pen.unclip();
  for (const row of frame.rows) if (row.kind === "heading") drawHeading(pen, scene, row);
  if (frame.left > 0) drawNames(pen, scene);
  return { dense, shapes };
}

/** @param {Frame} frame */
function tickStep(frame) {
  const wanted = (frame.to - frame.from) / Math.max(2, (frame.width - frame.left) / 110);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return Math.max(1, power * ([1, 2, 5, 10].find((m) => m * power >= wanted) ?? 10));
}

/** @param {Pen} pen @param {Scene} scene */
function drawAxis(pen, { frame, palette, panels }) {
  const { from, to, rows } = frame;
  const step = tickStep(frame);
  // With one run the axis tells its own time.
  const shift = panels.length === 1 ? panels[0].shift : 0;
  /** @type {number[]} */
  const ticks = [];
  pen.clip(frame.left, 0, frame.width - frame.left, frame.height);
  for (let tick = Math.ceil((from - shift) / step) * step; tick <= to - shift; tick += step) {
    const x = Math.round(xOf(frame, tick + shift)) + 0.5;
    ticks.push(x, AXIS_HEIGHT - 5, x, frame.height);
    pen.text(x + 3, 10, clock(tick, step), { fill: palette.named.muted, size: 11 });
  }
  pen.segments(ticks, { stroke: palette.named.line, alpha: 0.55 });
  pen.unclip();
  const borders = rows.flatMap((row) => [frame.left, row.y + 0.5, frame.width, row.y + 0.5]);
  pen.segments(borders, { stroke: palette.named.line, alpha: 0.7 });
}

/** @param {Pen} pen @param {Scene} scene @param {Row} row */
function drawHeading(pen, { frame, palette, panels }, row) {
  pen.rects([0, row.y, frame.width, row.height], { fill: palette.named.panel });
  const shift = panels.find((panel) => panel.run === row.run)?.shift ?? 0;
  const note = shift === 0 ? "" : ` — drawn ${clock(Math.abs(shift), 1000)} ${shift < 0 ? "earlier" : "later"}, to stand beside the other where they diverge`;
  pen.text(frame.left + 8, middle(row), `${row.run === 0 ? "A" : "B"}: ${row.name}${note}`, { fill: palette.named.text, size: 12, bold: true });
}

/** @param {Pen} pen @param {Scene} scene */
function drawNames(pen, { frame, palette }) {
  for (const row of frame.rows) {
    if (row.kind !== "heading") pen.text(frame.left - 8, middle(row), row.name, { fill: palette.named.text, size: 12, anchor: "end" });
  }
}

/** Lines across all lanes: the cursor, the violation, the divergence. @param {Pen} pen @param {Scene} scene */
function drawMarkers(pen, { frame, view, panels, palette, diverges }) {
  const { rows } = frame;
  const now = Math.round(xOf(frame, view.cursor)) + 0.5;
  pen.segments([now, AXIS_HEIGHT - 6, now, frame.height], { stroke: palette.named.text, alpha: 0.8 });
  for (const { run, trace, shift } of panels) {
    const own = rows.filter((row) => row.run === run && row.kind !== "heading");
    if (own.length === 0) continue;
    const [top, bottom] = [own[0].y, own[own.length - 1].y + own[own.length - 1].height];
    const { violation } = trace.run;
    if (violation) {
      const x = Math.round(xOf(frame, violation.t + shift)) + 0.5;
      pen.segments([x, top, x, bottom], { stroke: palette.named.danger, width: 2 });
      pen.marks("down", [x, top + 6], 6, { fill: palette.named.danger });
      drawTag(pen, frame, x, top + 8, `${violation.property} violated`, palette.named.danger);
    }
    const at = diverges?.at[run];
    if (at !== undefined && panels.length > 1 && at < trace.count) {
      const x = Math.round(xOf(frame, trace.time[at] + shift)) + 0.5;
      pen.segments([x, top, x, bottom], { stroke: palette.named.effect, width: 2, dash: [6, 4] });
      drawTag(pen, frame, x, bottom - 8, "first difference", palette.named.effect);
    }
  }
}

/**
 * Words beside a line, on the side where there is room.
 * @param {Pen} pen @param {Frame} frame @param {number} x @param {number} y @param {string} words @param {string} fill
 */
function drawTag(pen, frame, x, y, words, fill) {
  const width = pen.measure(words, 11);
  const fits = x + 10 + width < frame.width;
  pen.text(fits ? x + 9 : x - 9, y, words, { fill, bold: true, anchor: fits ? "start" : "end" });
}
