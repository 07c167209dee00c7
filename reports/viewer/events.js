"use strict";
// Events as marks, messages as lines, client operations as bars.

/** How far the stub of a message reaches whose other end is not there. */
const STUB = 16;
const FADED = 0.2;

/** @param {Ink} ink */
function messageStyles(ink) {
  return {
    plain: { stroke: ink.message, width: 1 },
    client: { stroke: ink.client, width: 1 },
    duplicate: { stroke: ink.warn, width: 1.3, dash: [8, 3, 2, 3] },
    held: { stroke: ink.effect, width: 1.3, dash: [2, 3] },
    lost: { stroke: ink.danger, width: 1.3 },
    hidden: { stroke: ink.message, width: 1, dash: [4, 3] },
    other: { stroke: ink.muted, width: 0.8 },
  };
}

/** @param {Trace} trace @param {number} event @returns {MessageStyle} */
function messageStyle(trace, event) {
  const kind = trace.kindOf(event);
  const flags = trace.flags[event];
  if (kind === "dropped") return "lost";
  if (kind === "held" || flags & HELD) return "held";
  if (flags & DUPLICATE) return "duplicate";
  if (kind === "request" || kind === "answer") return "client";
  return kind === "message" || kind === "own" ? "plain" : "other";
}

/**
 * The line of an event that another lane caused: x, y, x, y. What does not arrive, or has an end on a hidden lane, is a stub.
 * @param {Panel} panel @param {number} event
 * @returns {{line: number[], style: MessageStyle} | null}
 */
function lineOf({ trace, rows, x: place }, event) {
  const cause = trace.cause[event];
  const [source, target] = [rows[trace.lane[cause]], rows[trace.lane[event]]];
  const [x, until] = [place(trace.time[cause]), place(trace.time[event])];
  const style = messageStyle(trace, event);
  if (source && target) {
    const share = style === "lost" ? 0.55 : 1;
    const [y, end] = [middle(source), middle(target)];
    return { line: [x, y, x + (until - x) * share, y + (end - y) * share], style };
  }
  const reach = Math.min(STUB, Math.max(4, until - x));
  const down = trace.lane[event] > trace.lane[cause] ? STUB : -STUB;
  if (source) return { line: [x, middle(source), x + reach, middle(source) + down], style: style === "lost" ? style : "hidden" };
  return target && style !== "lost" ? { line: [until - reach, middle(target) - down, until, middle(target)], style: "hidden" } : null;
}

/** Where an event is drawn: what was dropped, where its line ends. @param {Panel} panel @param {number} event */
function placeOf(panel, event) {
  const { trace, rows, x } = panel;
  const row = rows[trace.lane[event]];
  const line = trace.kindOf(event) === "dropped" && trace.hasLine(event) ? lineOf(panel, event)?.line : undefined;
  return line ? line.slice(2) : row ? [x(trace.time[event]), middle(row)] : [];
}

/** @type {Paint} */
const drawEvents = (pen, scene, panel) => {
  const { shown, slice, from, to } = panel;
  const styles = messageStyles(scene.ink);
  const alpha = slice ? FADED : 1;
  /** @type {Bundles<MessageStyle>} */
  const lines = new Bundles();
  for (const event of shown.lines(from, to)) {
    const drawn = lineOf(panel, event);
    if (drawn) lines.add(drawn.style, ...drawn.line);
  }
  addLost(lines, scene, panel);
  for (const [name, points] of lines) {
    pen.segments(points, { ...styles[name], alpha: alpha * (name === "other" ? 0.5 : 0.85) });
    if (name === "lost") pen.marks("cross", ends(points), 3.5, { stroke: scene.ink.danger, width: 1.6, alpha });
    else if (name !== "other" && points.length < 6000) drawHeads(pen, points, styles[name].stroke, alpha);
  }
  drawMarks(pen, scene, panel);
};

/** @param {number[]} points */
function ends(points) {
  return points.filter((_, i) => i % 4 > 1);
}

/** Messages that were lost without an event of their own: a stub at their sending. @param {Bundles<MessageStyle>} lines @param {Scene} scene @param {Panel} panel */
function addLost(lines, { view }, { trace, shown, rows, x: place, from, to }) {
  const last = trace.indexAt(to);
  for (let i = lowerBound(trace.lostEvent, lowerBound(trace.time, from)); i < trace.lostEvent.length && trace.lostEvent[i] <= last; i++) {
    const event = trace.lostEvent[i];
    const source = rows[trace.lane[event]];
    if (!source || !shown.mask[event] || view.hiddenLabels.includes(trace.run.labels[trace.lostLabel[i]])) continue;
    const x = place(trace.time[event]);
    lines.add("lost", x, middle(source), x + 9, middle(source) + (trace.lostTo[i] > trace.lane[event] ? STUB : -STUB));
  }
}

/** Small arrow heads, so that a line says its direction. @param {Pen} pen @param {number[]} points @param {string} stroke @param {number} alpha */
function drawHeads(pen, points, stroke, alpha) {
  /** @type {number[]} */
  const heads = [];
  for (let i = 0; i < points.length; i += 4) {
    const [dx, dy] = [points[i + 2] - points[i], points[i + 3] - points[i + 1]];
    const length = Math.hypot(dx, dy);
    if (length < 14) continue;
    const [ux, uy] = [dx / length, dy / length];
    const [x, y] = [points[i + 2] - ux * 4, points[i + 3] - uy * 4];
    heads.push(x, y, x - ux * 6 - uy * 3, y - uy * 6 + ux * 3, x, y, x - ux * 6 + uy * 3, y - uy * 6 - ux * 3);
  }
  pen.segments(heads, { stroke, alpha });
}

/** @type {Paint} */
const drawMarks = (pen, { ink }, { trace, shown, rows, x, slice, from, to }) => {
  const [first, last] = shown.range(from, to);
  /** @type {Bundles<string>} */
  const byKind = new Bundles();
  for (const event of shown.events.slice(first, last)) {
    const row = rows[trace.lane[event]];
    const kind = trace.kindOf(event);
    if (row && kind !== "dropped" && !slice?.has(event)) byKind.add(kind, x(trace.time[event]), middle(row));
  }
  for (const [kind, points] of byKind) drawKind(pen, ink, kind, points, last - first > 1500 ? 2 : 3.2, slice ? FADED : 1);
};

/** @param {Pen} pen @param {Ink} ink @param {string} kind @param {number[]} points @param {number} radius @param {number} alpha */
function drawKind(pen, ink, kind, points, radius, alpha = 1) {
  const shape = KIND_SHAPES[kind] ?? "disc";
  const colour = kind === "fault" || kind === "give-up" ? ink.danger : kind === "heal" || kind === "fault ends" ? ink.ok : ink.text;
  pen.marks(shape, points, radius, { fill: colour, stroke: HOLLOW.has(shape) ? colour : ink.back, width: HOLLOW.has(shape) ? 1.6 : 0.8, alpha });
}

/** @type {Paint} */
const drawHits = (pen, { ink }, panel) => {
  const { trace, hits, from, to } = panel;
  const last = trace.indexAt(to);
  /** @type {number[]} */
  const points = [];
  /** By lane: of rings that would cover each other, one is enough. */
  const ringed = new Float64Array(trace.laneEvents.length).fill(-Infinity);
  for (let i = lowerBound(hits, trace.indexAt(from - 1) + 1); i < hits.length && hits[i] <= last; i++) {
    const [x, y] = placeOf(panel, hits[i]);
    if (!(x - ringed[trace.lane[hits[i]]] >= 5)) continue;
    ringed[trace.lane[hits[i]]] = x;
    points.push(x, y);
  }
  // A thousand rings would take longer than all else.
  if (points.length > 1200) pen.marks("square", points, 2.5, { fill: ink.warn });
  else pen.marks("ring", points, 6, { stroke: ink.warn, width: 2 });
};

/** The causal slice of the selected event, over everything else. @type {Paint} */
const drawSlice = (pen, { ink, view }, panel) => {
  const { trace, slice, rows, x } = panel;
  for (const [event, hop] of slice ?? []) {
    const row = rows[trace.lane[event]];
    const colour = hop <= 0 ? ink.accent : ink.effect;
    const cause = trace.cause[event];
    if (slice?.has(cause)) {
      const own = row ? [x(trace.time[cause]), middle(row), x(trace.time[event]), middle(row)] : [];
      const line = (trace.hasLine(event) ? lineOf(panel, event)?.line : own) ?? [];
      pen.segments(line, { stroke: colour, width: 2.2, dash: hop <= 0 ? [] : [7, 3] });
      if (trace.kindOf(event) !== "dropped") drawHeads(pen, line, colour, 1);
    }
    const place = placeOf(panel, event);
    pen.marks(KIND_SHAPES[trace.kindOf(event)] ?? "disc", place, 4, { fill: colour, stroke: colour, width: 1.2 });
    if (event === view.selected?.[1]) pen.marks("ring", place, 8, { stroke: ink.accent, width: 2.5 });
  }
};

/** @type {Paint} */
const drawOperations = (pen, { frame, ink }, { trace, rows, span, slice }) => {
  /** @type {Bar[]} */
  const bars = [];
  /** @type {[words: string, x: number, y: number, style: Lettering][]} */
  const texts = [];
  /** By lane: of bars within a pixel, the first is enough. */
  const covered = new Float64Array(rows.length).fill(-Infinity);
  trace.run.operations.forEach(({ lane, asked, answer, outcome, part, order, start, end }) => {
    const row = rows[lane];
    const pixels = span(start, end);
    if (!row || !pixels || (pixels[1] < covered[lane] + 2 && !part)) return;
    covered[lane] = pixels[1];
    const [x, width] = [pixels[0], Math.max(1.5, pixels[1] - pixels[0])];
    const half = Math.min(8, Math.floor(row.height / 2) - 4);
    bars.push({ box: [x, Math.round(middle(row)) - half, width, 2 * half + 1], outcome, part });
    const [left, until] = [Math.max(x, frame.left), Math.min(x + width, frame.width)];
    if (until - left < 26) return;
    const words = [`${asked} → ${answer ?? outcome}`, asked].find((text) => pen.measure(text, 11) + 14 < until - left);
    if (words) texts.push([words, (left + until) / 2, middle(row), { fill: ink.text, align: "center" }]);
    // Its place in the order stands below the bar, if the lane is high enough.
    if (order !== null && row.height > 33) texts.push([`${order}.`, left + 2, middle(row) + half + (part ? 10.5 : 8), { fill: ink.muted, size: 9, bold: true }]);
  });
  drawBars(pen, ink, bars, slice ? 0.4 : 1);
  for (const [words, x, y, style] of texts) pen.text(x, y, words, style);
};

/** @param {Pen} pen @param {Ink} ink @param {Bar[]} bars @param {number} alpha */
function drawBars(pen, ink, bars, alpha) {
  /** @type {Bundles<string>} */
  const boxes = new Bundles();
  /** @type {number[]} */
  const lines = [];
  for (const { box: [x, y, width, height], outcome, part } of bars) {
    // What is too narrow for an outline is filled, on whole pixels, which are much the fastest.
    if (width < 3) boxes.add(`thin ${outcome}`, Math.round(x), y, 2, height);
    else boxes.add(outcome, x, y, width, height);
    if (outcome === "failed" && width > 3) hatch(lines, x, y, width, height, x);
    if (part) boxes.add(part, x - 2.5, y - 2.5, width + 5, height + 5);
  }
  /** @param {string} name @param {Stroke} style */
  const paint = (name, style) => pen.rects(boxes.get(name) ?? [], { alpha, ...style });
  for (const name of ["ok", "failed", "unknown"]) paint(name, { fill: ink.back, alpha: 1 });
  paint("ok", { fill: ink.ok, alpha: 0.22 * alpha });
  paint("ok", { stroke: ink.ok, alpha: 0.8 * alpha });
  pen.segments(lines, { stroke: ink.danger, alpha: 0.5 * alpha });
  paint("failed", { stroke: ink.danger });
  paint("unknown", { stroke: ink.muted, dash: [4, 3] });
  for (const [outcome, fill] of [["ok", ink.ok], ["failed", ink.danger], ["unknown", ink.muted]]) paint(`thin ${outcome}`, { fill, alpha: 0.6 * alpha });
  paint("story", { stroke: ink.warn, width: 2, dash: [6, 2], alpha: 1 });
  paint("culprit", { stroke: ink.danger, width: 2.5, alpha: 1 });
}
