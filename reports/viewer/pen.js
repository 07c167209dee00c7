"use strict";
// Colours, words for times, and a pen for a canvas or an SVG file, so that what is seen is what is exported.

/** Patterns say without colour what colours say. @type {Record<string, Stroke>} */
const ROLE_PATTERNS = {
  leader: { width: 5 },
  candidate: { width: 3, dash: [7, 4] },
  follower: { width: 1.5 },
  learner: { width: 2, dash: [2, 4] },
  peer: { width: 2 },
};
/** For the roles of other protocols, by their first appearance. */
const OTHER_PATTERNS = [{ width: 3.5 }, { width: 2.5, dash: [9, 3] }, { width: 2, dash: [4, 3] }, { width: 2, dash: [9, 3, 2, 3] }];
const LANE_COLOURS = 8;

/** @type {Record<string, Shape>} */
const KIND_SHAPES = {
  message: "disc", own: "disc", request: "disc", answer: "disc", timer: "diamond", synced: "down", boot: "square",
  ask: "up", "give-up": "cross", held: "box", dropped: "cross", fault: "flag", "fault ends": "flag", heal: "flag",
};
const INKS = ["back", "panel", "text", "muted", "line", "accent", "effect", "danger", "ok", "warn", "message", "client", "hatch"];

/** The colours of the style sheet, so that a theme is said in one place. */
class Palette {
  /** @param {Trace[]} traces */
  constructor(traces) {
    const style = getComputedStyle(document.documentElement);
    /** @param {string} name */
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    /** @type {Record<string, string>} */
    this.ink = Object.fromEntries(INKS.map((name) => [name, colour(name)]));
    this.lanes = Array.from({ length: LANE_COLOURS }, (_, i) => colour(`lane-${i}`));
    this.pins = [4, 1, 2, 3].map((lane) => this.lanes[lane]);
    /** @type {Map<string, Stroke>} */
    this.roles = new Map();
    let others = 0;
    for (const role of rolesOf(traces)) {
      const known = ROLE_PATTERNS[role];
      this.roles.set(role, known ? { ...known, stroke: colour(`role-${role}`) } : { ...OTHER_PATTERNS[others % 4], stroke: this.lanes[others++ % LANE_COLOURS] });
    }
  }

  /** @param {string} kind of a fault */
  fault(kind) {
    if (kind === "crash" || kind === "pause") return this.ink.muted;
    return kind === "cut" || kind.includes("partition") ? this.lanes[1] : this.lanes[3];
  }
}

/** @param {Trace[]} traces @returns {Set<string>} */
function rolesOf(traces) {
  const roles = new Set();
  for (const { run, changeField, changeValue } of traces) {
    const field = run.fields.indexOf("role");
    changeField.forEach((f, i) => {
      if (f === field && run.values[changeValue[i]]) roles.add(run.values[changeValue[i]]);
    });
  }
  return roles;
}

const UNITS = /** @type {const} */ ([[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]]);

/** A time as people read it, as exact as `step` needs. @param {number} time @param {number} step */
function clock(time, step = 1000) {
  const size = Math.max(Math.abs(time), step);
  const [unit, name] = UNITS.find(([u]) => size >= u) ?? UNITS[3];
  const digits = Math.max(0, Math.min(9, Math.ceil(Math.log10(unit / step) - 1e-9)));
  return `${(time / unit).toFixed(digits)} ${name}`;
}

const NANOSECONDS = new Intl.NumberFormat("en", { minimumFractionDigits: 6, maximumFractionDigits: 6 });

/** A time to the nanosecond. @param {number} time */
function exactly(time) {
  return `${NANOSECONDS.format(time / 1e6)} ms`;
}

const { format: grouped } = new Intl.NumberFormat("en");

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
/** Longer paths are slower than several shorter ones: a rasteriser sorts all edges of a path. */
const PATH_LENGTH = 256;
const HOLLOW = new Set(["ring", "box", "cross"]);

/** The outline of a mark as strokes. @param {Shape} shape @param {number} x @param {number} y @param {number} r @returns {number[][]} */
function outline(shape, x, y, r) {
  switch (shape) {
    case "diamond": return [[x, y - r, x + r, y, x, y + r, x - r, y, x, y - r]];
    case "down": return [[x - r, y - r * 0.7, x + r, y - r * 0.7, x, y + r, x - r, y - r * 0.7]];
    case "up": return outline("down", x, y, -r);
    case "cross": return [[x - r, y - r, x + r, y + r], [x - r, y + r, x + r, y - r]];
    case "flag": return [[x, y + r * 1.5, x, y - r * 1.5, x + r * 2, y - r * 0.7, x, y, x, y + r * 1.5]];
    default: return [[x - r, y - r, x + r, y - r, x + r, y + r, x - r, y + r, x - r, y - r]];
  }
}

/** Lists are flat: x, y, x, y … */
class Pen {
  /** @param {Surface} context @param {number} width @param {number} height in CSS pixels */
  constructor(context, width, height) {
    this.context = context;
    this.width = width;
    this.height = height;
  }

  /** @param {Stroke | Lettering} style @returns {Surface} */
  use(style) {
    const { context } = this;
    context.globalAlpha = style.alpha ?? 1;
    if (style.fill) context.fillStyle = style.fill;
    if ("stroke" in style && style.stroke) {
      context.strokeStyle = style.stroke;
      context.lineWidth = style.width ?? 1;
      context.setLineDash(style.dash ?? []);
    }
    return context;
  }

  /**
   * Draws in paths of a bearable length.
   * @param {number[]} points @param {number} step how many numbers make one thing
   * @param {Stroke} style @param {(context: Surface, at: number) => void} draw
   */
  paths(points, step, style, draw) {
    const context = this.use(style);
    for (let start = 0; start < points.length; start += PATH_LENGTH) {
      context.beginPath();
      const end = Math.min(points.length, start + PATH_LENGTH);
      for (let i = start; i < end; i += step) draw(context, i);
      if (style.fill) context.fill();
      if (style.stroke) context.stroke();
    }
  }

  /** @param {number[]} points @param {Stroke} style */
  segments(points, style) {
    this.paths(points, 4, style, (context, i) => {
      context.moveTo(points[i], points[i + 1]);
      context.lineTo(points[i + 2], points[i + 3]);
    });
  }

  /** @param {number[]} points @param {Stroke} style */
  polyline(points, style) {
    const context = this.use(style);
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
    context.stroke();
  }

  /** @param {number[]} boxes x, y, width, height … @param {Stroke} style */
  rects(boxes, style) {
    this.paths(boxes, 4, style, (context, i) => context.rect(boxes[i], boxes[i + 1], boxes[i + 2], boxes[i + 3]));
  }

  /** @param {Shape} shape @param {number[]} points @param {number} radius @param {Stroke} style */
  marks(shape, points, radius, style) {
    const round = shape === "disc" || shape === "ring";
    this.paths(points, 2, HOLLOW.has(shape) ? { ...style, fill: "" } : style, (context, i) => {
      const [x, y] = [points[i], points[i + 1]];
      if (round) {
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, 7);
        return;
      }
      for (const stroke of outline(shape, x, y, radius)) {
        context.moveTo(stroke[0], stroke[1]);
        for (let k = 2; k < stroke.length; k += 2) context.lineTo(stroke[k], stroke[k + 1]);
      }
    });
  }

  /** @param {number} x @param {number} y @param {string} words @param {Lettering} style */
  text(x, y, words, style) {
    const context = this.use(style);
    context.font = `${style.bold ? "600 " : ""}${style.size ?? 11}px ${FONT}`;
    context.textBaseline = "middle";
    context.textAlign = style.align ?? "left";
    context.fillText(words, x, y);
  }

  /** @param {string} words @param {number} size */
  measure(words, size) {
    this.context.font = `${size}px ${FONT}`;
    return this.context.measureText(words).width;
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  clip(x, y, width, height) {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
  }

  unclip() {
    this.context.restore();
  }
}

/** @param {string} text */
function escapeXml(text) {
  // XML has neither most control characters nor the name `nbsp`.
  // eslint-disable-next-line no-control-regex
  return h("i", {}, text.replace(/[\u0000-\u001f\u00a0]/g, " ")).innerHTML;
}

/** @param {number} n */
function short(n) {
  return String(Math.round(n * 10) / 10);
}

/** What the pen needs of a canvas, written down as SVG. @returns {Surface & {parts: string[]}} */
function svgSurface() {
  let d = "";
  let dash = "";
  /** @type {string[]} */
  const parts = [];
  const path = (/** @type {string} */ words) => d && parts.push(`<path d="${d}" ${words} opacity="${surface.globalAlpha}"/>`);
  /** @type {ReturnType<typeof svgSurface>} */
  const surface = {
    parts, globalAlpha: 1, lineWidth: 1, fillStyle: "", strokeStyle: "", font: "", textBaseline: "middle", textAlign: "left",
    setLineDash: (lengths) => void (dash = [...lengths].join(" ")),
    beginPath: () => void (d = ""),
    moveTo: (x, y) => void (d += `M${short(x)} ${short(y)}`),
    lineTo: (x, y) => void (d += `${d ? "L" : "M"}${short(x)} ${short(y)}`),
    // Only whole circles are drawn, and their right is where the pen is.
    arc(_x, _y, radius) {
      const r = short(radius);
      d += `a${r} ${r} 0 1 0 ${short(-2 * radius)} 0a${r} ${r} 0 1 0 ${short(2 * radius)} 0`;
    },
    rect: (x, y, width, height) => void (d += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}z`),
    fill: () => void path(`fill="${surface.fillStyle}"`),
    stroke: () => void path(`fill="none" stroke="${surface.strokeStyle}" stroke-width="${surface.lineWidth}"${dash ? ` stroke-dasharray="${dash}"` : ""}`),
    fillText(words, x, y) {
      const anchor = { left: "start", center: "middle", right: "end" }[String(surface.textAlign)];
      parts.push(`<text x="${short(x)}" y="${short(y)}" dy="0.35em" style="font:${surface.font}" fill="${surface.fillStyle}" text-anchor="${anchor}" opacity="${surface.globalAlpha}">${escapeXml(words)}</text>`);
    },
    measureText: (words) => ({ width: words.length * (parseFloat(surface.font) || 11) * 0.56 }),
    save: () => {},
    // The path is that of a box.
    clip() {
      const id = `clip-${parts.length}`;
      parts.push(`<clipPath id="${id}"><path d="${d}"/></clipPath><g clip-path="url(#${id})">`);
    },
    restore: () => void parts.push("</g>"),
  };
  return surface;
}
