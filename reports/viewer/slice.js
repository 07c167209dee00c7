"use strict";
// The bounded causal slice of an event: what led to it, and what came of it.

const SLICE_LIMIT = 2000;
const SLICE_READABLE = 40;
const SLICE_HOPS = 40;

/**
 * The events at most `hops` causes before or effects after `event`, with their distance: negative for causes.
 * @param {Trace} trace @param {number} event @param {number} hops
 * @returns {Map<number, number>}
 */
function causalSlice(trace, event, hops) {
  const slice = new Map([[event, 0]]);
  for (let at = trace.cause[event], hop = 1; at >= 0 && hop <= hops; at = trace.cause[at], hop++) slice.set(at, -hop);
  let edge = [event];
  for (let hop = 1; hop <= hops && edge.length > 0; hop++) {
    /** @type {number[]} */
    const next = [];
    for (const from of edge) {
      for (const effect of trace.effectsOf(from)) {
        if (slice.size >= SLICE_LIMIT) return slice;
        slice.set(effect, hop);
        next.push(effect);
      }
    }
    edge = next;
  }
  return slice;
}

/**
 * The most hops whose slice is still readable, and at least one.
 * @param {Trace} trace @param {number} event
 */
function readableHops(trace, event) {
  let before = 0;
  for (let hops = 1; hops <= SLICE_HOPS; hops++) {
    const size = causalSlice(trace, event, hops).size;
    if (size > SLICE_READABLE) return Math.max(1, hops - 1);
    if (size === before) return Math.max(1, hops - 1);
    before = size;
  }
  return SLICE_HOPS;
}
