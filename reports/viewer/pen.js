"use strict";
// Two surfaces with one face, so that what is seen and what is exported are drawn by the same code.

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
/** Longer paths are slower than several shorter ones: a rasteriser sorts all edges of a path. */
const PATH_LENGTH = 256;

/**
 * The outline of a mark as closed or open strokes.
 * @param {Shape} shape @param {number} x @param {number} y @param {number} r
 * @returns {number[][]}
 */
function outline(shape, x, y, r) {
  switch (shape) {
    case "diamond": return [[x, y - r, x + r, y, x, y + r, x - r, y, x, y - r]];
    case "down": return [[x - r, y - r * 0.7, x + r, y - r * 0.7, x, y + r, x - r, y - r * 0.7]];
    case "up": return [[x - r, y + r * 0.7, x + r, y + r * 0.7, x, y - r, x - r, y + r * 0.7]];
    case "cross": return [[x - r, y - r, x + r, y + r], [x - r, y + r, x + r, y - r]];
    case "flag": return [[x, y + r * 1.5, x, y - r * 1.5, x + r * 2, y - r * 0.7, x, y, x, y + r * 1.5]];
    default: return [[x - r, y - r, x + r, y - r, x + r, y + r, x - r, y + r, x - r, y - r]];
  }
}

const HOLLOW = new Set(["ring", "box", "cross"]);

/** @implements {Pen} */
class CanvasPen {
  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height in CSS pixels */
  constructor(context, width, height) {
    this.context = context;
    this.width = width;
    this.height = height;
  }

  /** @param {Stroke} style */
  use(style) {
    const { context } = this;
    context.globalAlpha = style.alpha ?? 1;
    context.lineWidth = style.width ?? 1;
    context.setLineDash(style.dash ?? []);
    if (style.stroke) context.strokeStyle = style.stroke;
    if (style.fill) context.fillStyle = style.fill;
  }

  /** @param {number[]} points @param {Stroke} style */
  segments(points, style) {
    const { context } = this;
    this.use(style);
    for (let start = 0; start < points.length; start += PATH_LENGTH) {
      context.beginPath();
      const end = Math.min(points.length, start + PATH_LENGTH);
      for (let i = start; i < end; i += 4) {
        context.moveTo(points[i], points[i + 1]);
        context.lineTo(points[i + 2], points[i + 3]);
      }
      context.stroke();
    }
  }

  /** @param {number[]} points @param {Stroke} style */
  polyline(points, style) {
    const { context } = this;
    this.use(style);
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
    if (style.fill) context.fill();
    if (style.stroke) context.stroke();
  }

  /** @param {number[]} boxes @param {Stroke} style */
  rects(boxes, style) {
    const { context } = this;
    this.use(style);
    for (let i = 0; i < boxes.length; i += 4) {
      const [x, y, width, height] = [boxes[i], boxes[i + 1], boxes[i + 2], boxes[i + 3]];
      if (style.fill) context.fillRect(x, y, width, height);
      if (style.stroke) context.strokeRect(x, y, width, height);
    }
  }

  /** @param {Shape} shape @param {number[]} points @param {number} radius @param {Stroke} style */
  marks(shape, points, radius, style) {
    const { context } = this;
    this.use(style);
    const round = shape === "disc" || shape === "ring";
    for (let start = 0; start < points.length; start += PATH_LENGTH) {
      context.beginPath();
      const end = Math.min(points.length, start + PATH_LENGTH);
      for (let i = start; i < end; i += 2) {
        const [x, y] = [points[i], points[i + 1]];
        if (round) {
          context.moveTo(x + radius, y);
          context.arc(x, y, radius, 0, 7);
          continue;
        }
        for (const stroke of outline(shape, x, y, radius)) {
          context.moveTo(stroke[0], stroke[1]);
          for (let k = 2; k < stroke.length; k += 2) context.lineTo(stroke[k], stroke[k + 1]);
        }
      }
      if (!HOLLOW.has(shape) && style.fill) context.fill();
      if (style.stroke) context.stroke();
    }
  }

  /** @param {number} x @param {number} y @param {string} words @param {Lettering} style */
  text(x, y, words, style) {
    const { context } = this;
    this.use(style);
    context.font = `${style.bold ? "600 " : ""}${style.size ?? 11}px ${FONT}`;
    context.textBaseline = "middle";
    context.textAlign = style.anchor === "middle" ? "center" : style.anchor === "end" ? "right" : "left";
    context.fillText(words, x, y);
  }

  /** @param {string} words @param {number} size */
  measure(words, size) {
    this.context.font = `${size}px ${FONT}`;
    return this.context.measureText(words).width;
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  clip(x, y, width, height) {
    this.context.save();
    this.context.beginPath();
    this.context.rect(x, y, width, height);
    this.context.clip();
  }

  unclip() {
    this.context.restore();
  }
}

/** @param {string} text */
function escapeXml(text) {
  return text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? c)
    // XML has no way to write other control characters.
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd");
}

/** @param {number} n */
function short(n) {
  return String(Math.round(n * 10) / 10);
}

/** @implements {Pen} */
class SvgPen {
  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    /** @type {string[]} */
    this.parts = [];
  }

  /** @param {Stroke} style @param {boolean} [hollow] */
  attributes(style, hollow) {
    const fill = !hollow && style.fill ? style.fill : "none";
    const stroke = style.stroke ? ` stroke="${style.stroke}" stroke-width="${style.width ?? 1}"` : "";
    const dash = style.dash?.length ? ` stroke-dasharray="${style.dash.join(" ")}"` : "";
    return ` fill="${fill}"${stroke}${dash}${style.alpha !== undefined ? ` opacity="${style.alpha}"` : ""}`;
  }

  /** @param {string} d @param {Stroke} style @param {boolean} [hollow] */
  path(d, style, hollow) {
    if (d) this.parts.push(`<path d="${d}"${this.attributes(style, hollow)}/>`);
  }

  /** @param {number[]} points @param {Stroke} style */
  segments(points, style) {
    let d = "";
    for (let i = 0; i < points.length; i += 4) {
      d += `M${short(points[i])} ${short(points[i + 1])}L${short(points[i + 2])} ${short(points[i + 3])}`;
    }
    this.path(d, style, true);
  }

  /** @param {number[]} points */
  trail(points) {
    let d = "";
    for (let i = 0; i < points.length; i += 2) d += `${i === 0 ? "M" : "L"}${short(points[i])} ${short(points[i + 1])}`;
    return d;
  }

  /** @param {number[]} points @param {Stroke} style */
  polyline(points, style) {
    this.path(this.trail(points), style);
  }

  /** @param {number[]} boxes @param {Stroke} style */
  rects(boxes, style) {
    let d = "";
    for (let i = 0; i < boxes.length; i += 4) {
      d += `M${short(boxes[i])} ${short(boxes[i + 1])}h${short(boxes[i + 2])}v${short(boxes[i + 3])}h${short(-boxes[i + 2])}z`;
    }
    this.path(d, style);
  }

  /** @param {Shape} shape @param {number[]} points @param {number} radius @param {Stroke} style */
  marks(shape, points, radius, style) {
    const r = short(radius);
    let d = "";
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [points[i], points[i + 1]];
      if (shape === "disc" || shape === "ring") {
        d += `M${short(x - radius)} ${short(y)}a${r} ${r} 0 1 0 ${short(2 * radius)} 0a${r} ${r} 0 1 0 ${short(-2 * radius)} 0`;
      } else {
        d += outline(shape, x, y, radius).map((stroke) => this.trail(stroke)).join("");
      }
    }
    this.path(d, style, HOLLOW.has(shape));
  }

  /** @param {number} x @param {number} y @param {string} words @param {Lettering} style */
  text(x, y, words, style) {
    const anchor = style.anchor && style.anchor !== "start" ? ` text-anchor="${style.anchor}"` : "";
    const weight = style.bold ? ' font-weight="600"' : "";
    const alpha = style.alpha !== undefined ? ` opacity="${style.alpha}"` : "";
    const place = `x="${short(x)}" y="${short(y)}" dy="0.35em" font-size="${style.size ?? 11}"`;
    this.parts.push(`<text ${place} fill="${style.fill}"${anchor}${weight}${alpha}>${escapeXml(words)}</text>`);
  }

  /** @param {string} words @param {number} size */
  measure(words, size) {
    return words.length * size * 0.56;
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  clip(x, y, width, height) {
    const box = [x, y, width, height].map(short);
    this.parts.push(`<svg x="${box[0]}" y="${box[1]}" width="${box[2]}" height="${box[3]}" viewBox="${box.join(" ")}">`);
  }

  unclip() {
    this.parts.push("</svg>");
  }

  /** @param {string} title */
  document(title) {
    const size = `width="${this.width}" height="${this.height}" viewBox="0 0 ${this.width} ${this.height}"`;
    const opening = `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="${escapeXml(FONT)}" role="img">`;
    return `${opening}<title>${escapeXml(title)}</title>\n${this.parts.join("\n")}\n</svg>\n`;
  }
}
