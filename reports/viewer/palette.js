"use strict";
// Colours come from the style sheet, so that a theme is said in one place; patterns say the same without colour.

/** @type {Record<string, Stroke>} */
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

class Palette {
  /** @param {Element} root @param {Trace[]} traces */
  constructor(root, traces) {
    const style = getComputedStyle(root);
    /** @param {string} name */
    this.colour = (name) => style.getPropertyValue(`--${name}`).trim() || "#888";
    const read = ["back", "panel", "text", "muted", "line", "accent", "effect", "danger", "ok", "warn", "message", "client", "hatch"];
    /** @type {Record<string, string>} */
    this.named = Object.fromEntries(read.map((name) => [name, this.colour(name)]));
    this.lanes = Array.from({ length: LANE_COLOURS }, (_, i) => this.colour(`lane-${i}`));
    this.pins = [this.lanes[4], this.lanes[1], this.lanes[2], this.lanes[3]];
    /** @type {Map<string, Stroke>} */
    this.roles = new Map();
    for (const role of rolesOf(traces)) this.roles.set(role, this.roleStyle(role));
    this.noRole = { stroke: this.named.line, width: 1 };
  }

  /** @param {string} role @returns {Stroke} */
  roleStyle(role) {
    const known = ROLE_PATTERNS[role];
    if (known) return { ...known, stroke: this.colour(`role-${role}`) };
    const others = [...this.roles.keys()].filter((name) => !ROLE_PATTERNS[name]).length;
    return { ...OTHER_PATTERNS[others % OTHER_PATTERNS.length], stroke: this.lanes[others % LANE_COLOURS] };
  }

  /** @param {string} role @returns {Stroke} */
  role(role) {
    return this.roles.get(role) ?? this.noRole;
  }

  /** @param {number} lane */
  lane(lane) {
    return this.lanes[lane % LANE_COLOURS];
  }

  /** @param {string} kind of a fault */
  fault(kind) {
    if (kind === "crash" || kind === "pause") return this.named.muted;
    return kind === "cut" || kind.includes("partition") ? this.lanes[1] : this.lanes[3];
  }
}

/** @param {Trace[]} traces @returns {string[]} */
function rolesOf(traces) {
  const roles = new Set();
  for (const { run, changeField, changeValue } of traces) {
    const field = run.fields.indexOf("role");
    changeField.forEach((f, i) => {
      if (f === field) roles.add(run.values[changeValue[i]]);
    });
  }
  roles.delete("");
  return [...roles];
}

const UNITS = /** @type {const} */ ([[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]]);

/**
 * A time as people read it, as exact as `step` needs.
 * @param {number} time @param {number} step
 */
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
