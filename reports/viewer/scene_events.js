"use strict";
// Events as marks, messages as lines, client operations as bars.

/** How far the stub of a message reaches whose other end is not there. */
const STUB = 16;
const FADED = 0.2;

/** The strokes of messages, apart from those of the causal slice. @param {Palette} palette */
function messageStyles({ named }) {
  return {
    plain: { stroke: named.message, width: 1 },
    client: { stroke: named.client, width: 1 },
    duplicate: { stroke: named.warn, width: 1.3, dash: [8, 3, 2, 3] },
    held: { stroke: named.effect, width: 1.3, dash: [2, 3] },
    lost: { stroke: named.danger, width: 1.3 },
    hidden: { stroke: named.message, width: 1, dash: [4, 3] },
    other: { stroke: named.muted, width: 0.8, alpha: 0.6 },
  };
}

/** @typedef {keyof ReturnType<typeof messageStyles>} MessageStyle */

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
 * @param {Frame} frame @param {Panel} panel @param {number} event
 * @returns {{line: number[], style: MessageStyle} | null}
 */
function lineOf(frame, { trace, rows, shift }, event) {
  const cause = trace.cause[event];
  const [source, target] = [rows[trace.lane[cause]], rows[trace.lane[event]]];
  const [x, until] = [xOf(frame, trace.time[cause] + shift), xOf(frame, trace.time[event] + shift)];
  const down = trace.lane[event] > trace.lane[cause] ? 1 : -1;
  const style = messageStyle(trace, event);
  if (source && target) {
    const [y, end] = [middle(source), middle(target)];
    return style === "lost" ? { line: [x, y, x + (until - x) * 0.55, y + (end - y) * 0.55], style } : { line: [x, y, until, end], style };
  }
  if (source) {
    const reach = Math.min(STUB, Math.max(4, until - x));
    return { line: [x, middle(source), x + reach, middle(source) + down * STUB], style: style === "lost" ? style : "hidden" };
  }
  if (target && style !== "lost") {
    const reach = Math.min(STUB, Math.max(4, until - x));
    return { line: [until - reach, middle(target) - down * STUB, until, middle(target)], style: "hidden" };
  }
  return null;
}

/** @param {Pen} pen @param {Scene} scene @param {Panel} panel */
function drawEvents(pen, scene, panel) {
  const { frame, palette, view } = scene;
  const { shown, shift, slice } = panel;
  const styles = messageStyles(palette);
  // With a selection in the other run only, this one is not faded.
  const alpha = slice ? FADED : 1;
  const lines = shown.lines(frame.from - shift, frame.to - shift);
  /** @type {Map<MessageStyle, number[]>} */
  const byStyle = new Map();
  for (const event of lines) {
    const drawn = lineOf(frame, panel, event);
    if (!drawn) continue;
    const points = byStyle.get(drawn.style) ?? [];
    byStyle.set(drawn.style, points);
    for (const coordinate of drawn.line) points.push(coordinate);
  }
  addLost(frame, panel, view, byStyle);
  for (const [name, points] of byStyle) {
    const style = styles[name];
    pen.segments(points, { ...style, alpha: alpha * (name === "other" ? 0.6 : 0.85) });
    if (name === "lost") pen.marks("cross", ends(points), 3.5, { stroke: palette.named.danger, width: 1.6, alpha });
    else if (name !== "other" && points.length < 6000) drawHeads(pen, points, style.stroke, alpha);
  }
  drawMarks(pen, scene, panel, alpha);
}

/** The second ends of segments. @param {number[]} points */
function ends(points) {
  return points.filter((_, i) => i % 4 > 1);
}

/**
 * Messages that were lost without an event of their own: a stub at their sending.
 * @param {Frame} frame @param {Panel} panel @param {ViewState} view @param {Map<MessageStyle, number[]>} byStyle
 */
function addLost(frame, { trace, shown, rows, shift }, view, byStyle) {
  const points = byStyle.get("lost") ?? [];
  const first = lowerBound(trace.time, frame.from - shift);
  const last = trace.indexAt(frame.to - shift);
  for (let i = lowerBound(trace.lostEvent, first); i < trace.lostEvent.length && trace.lostEvent[i] <= last; i++) {
    const event = trace.lostEvent[i];
    const source = rows[trace.lane[event]];
    const label = trace.lostLabel[i] < 0 ? "" : trace.run.labels[trace.lostLabel[i]];
    if (!source || !shown.mask[event] || view.hiddenLabels.includes(label)) continue;
    const x = xOf(frame, trace.time[event] + shift);
    const y = middle(source);
    points.push(x, y, x + 9, y + (trace.lostTo[i] > trace.lane[event] ? STUB : -STUB));
  }
  if (points.length > 0) byStyle.set("lost", points);
}

/**
 * Small arrow heads, so that a line says its direction.
 * @param {Pen} pen @param {number[]} points @param {string} stroke @param {number} alpha
 */
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
  pen.segments(heads, { stroke, width: 1, alpha });
}

/** @param {Pen} pen @param {Scene} scene @param {Panel} panel @param {number} alpha */
function drawMarks(pen, { frame, palette }, { trace, shown, rows, shift, slice }, alpha) {
  const [first, last] = shown.range(frame.from - shift, frame.to - shift);
  const radius = last - first > 1500 ? 2 : 3.2;
  /** @type {Map<string, number[]>} */
  const byKind = new Map();
  for (let i = first; i < last; i++) {
    const event = shown.events[i];
    const row = rows[trace.lane[event]];
    const kind = trace.kindOf(event);
    if (!row || kind === "dropped" || slice?.has(event)) continue;
    const points = byKind.get(kind) ?? [];
    byKind.set(kind, points);
    points.push(xOf(frame, trace.time[event] + shift), middle(row));
  }
  for (const [kind, points] of byKind) drawKind(pen, palette, kind, points, radius, alpha);
}

/** @param {Pen} pen @param {Palette} palette @param {string} kind @param {number[]} points @param {number} radius @param {number} alpha */
function drawKind(pen, palette, kind, points, radius, alpha) {
  const { named } = palette;
  const shape = KIND_SHAPES[kind] ?? "disc";
  const bad = kind === "fault" || kind === "give-up";
  const colour = bad ? named.danger : kind === "heal" || kind === "fault ends" ? named.ok : named.text;
  pen.marks(shape, points, radius, { fill: colour, stroke: HOLLOW.has(shape) ? colour : named.back, width: HOLLOW.has(shape) ? 1.6 : 0.8, alpha });
}

/** What the search found. @param {Pen} pen @param {Scene} scene @param {Panel} panel */
function drawHits(pen, { frame, palette }, { trace, hits, rows, shift }) {
  if (hits.length === 0) return;
  const first = trace.indexAt(frame.from - shift - 1) + 1;
  const last = trace.indexAt(frame.to - shift);
  /** @type {number[]} */
  const points = [];
  for (let i = lowerBound(hits, first); i < hits.length && hits[i] <= last && points.length < 4000; i++) {
    const row = rows[trace.lane[hits[i]]];
    if (row) points.push(xOf(frame, trace.time[hits[i]] + shift), middle(row));
  }
  pen.marks("ring", points, 6, { stroke: palette.named.warn, width: 2 });
}

/** The causal slice of the selected event, over everything else. @param {Pen} pen @param {Scene} scene @param {Panel} panel */
function drawSlice(pen, { frame, palette, view }, panel) {
  const { trace, slice, rows, shift, run } = panel;
  if (!slice) return;
  const { named } = palette;
  for (const [event, hop] of slice) {
    const row = rows[trace.lane[event]];
    const colour = hop <= 0 ? named.accent : named.effect;
    const cause = trace.cause[event];
    if (slice.has(cause)) {
      const drawn = trace.hasLine(event) ? lineOf(frame, panel, event) : null;
      const line = drawn?.line ?? (row ? [xOf(frame, trace.time[cause] + shift), middle(row), xOf(frame, trace.time[event] + shift), middle(row)] : []);
      pen.segments(line, { stroke: colour, width: 2.2, dash: hop <= 0 ? [] : [7, 3] });
      if (drawn?.style === "lost") pen.marks("cross", ends(line), 4, { stroke: named.danger, width: 2 });
      else drawHeads(pen, line, colour, 1);
    }
    if (row) pen.marks(KIND_SHAPES[trace.kindOf(event)] ?? "disc", [xOf(frame, trace.time[event] + shift), middle(row)], 4, { fill: colour, stroke: colour, width: 1.2 });
  }
  if (!view.selected || view.selected[0] !== run) return;
  const row = rows[trace.lane[view.selected[1]]];
  if (row) pen.marks("ring", [xOf(frame, trace.time[view.selected[1]] + shift), middle(row)], 8, { stroke: named.accent, width: 2.5 });
}

/** @param {Pen} pen @param {Scene} scene @param {Panel} panel */
function drawOperations(pen, scene, panel) {
  const { frame, palette } = scene;
  const { trace, rows, shift, operations } = panel;
  const { named } = palette;
  /** @type {Record<string, number[]>} */
  const boxes = { ok: [], failed: [], unknown: [], culprit: [], story: [] };
  /** @type {number[]} */
  const lines = [];
  /** How far each lane is covered: of bars within a pixel the first is enough. */
  const covered = new Float64Array(rows.length).fill(-Infinity);
  trace.run.operations.forEach((operation, i) => {
    const row = rows[operation.lane];
    const span = row && spanOf(frame, operations.from[i] + shift, operations.to[i] + shift);
    if (!row || !span || (span[1] < covered[operation.lane] + 1 && !operation.part)) return;
    covered[operation.lane] = span[1];
    const [x, width] = [span[0], Math.max(1.5, span[1] - span[0])];
    const half = Math.min(8, Math.floor(row.height / 2) - 4);
    const [y, height] = [Math.round(middle(row)) - half, 2 * half + 1];
    boxes[operation.outcome].push(x, y, width, height);
    if (operation.outcome === "failed") hatch(lines, x, y, width, height, xOf(frame, operations.from[i] + shift));
    if (operation.part) boxes[operation.part].push(x - 2.5, y - 2.5, width + 5, height + 5);
  });
  const alpha = panel.slice ? 0.4 : 1;
  pen.rects([...boxes.ok, ...boxes.failed], { fill: named.back });
  pen.rects(boxes.ok, { fill: named.ok, alpha: 0.22 * alpha });
  pen.rects(boxes.ok, { stroke: named.ok, alpha: 0.8 * alpha });
  pen.segments(lines, { stroke: named.danger, alpha: 0.5 * alpha });
  pen.rects(boxes.failed, { stroke: named.danger, alpha });
  pen.rects(boxes.unknown, { stroke: named.muted, dash: [4, 3], fill: named.back, alpha });
  pen.rects(boxes.story, { stroke: named.warn, width: 2, dash: [6, 2] });
  pen.rects(boxes.culprit, { stroke: named.danger, width: 2.5 });
  writeOperations(pen, scene, panel);
}

/** Their words, where there is room. @param {Pen} pen @param {Scene} scene @param {Panel} panel */
function writeOperations(pen, { frame, palette }, { trace, rows, shift, operations }) {
  trace.run.operations.forEach((operation, i) => {
    const row = rows[operation.lane];
    const span = row && spanOf(frame, operations.from[i] + shift, operations.to[i] + shift);
    if (!row || !span) return;
    const [x, until] = [Math.max(span[0], frame.left), Math.min(span[1], frame.width)];
    if (until - x < 26) return;
    const answer = operation.outcome === "ok" ? operation.answer : (operation.answer ?? operation.outcome);
    const words = [`${operation.asked} → ${answer}`, operation.asked].find((text) => pen.measure(text, 11) + 14 < until - x);
    if (words) pen.text((x + until) / 2, middle(row), words, { fill: palette.named.text, anchor: "middle" });
    // Its place in the order stands below the bar, if the lane is high enough.
    if (operation.order !== null && row.height > 33) pen.text(x + 2, row.y + row.height - 4.5, `${operation.order}.`, { fill: palette.named.muted, size: 9, bold: true });
  });
}
