"use strict";
// What every node's state was after every event. Only changes are stored, so a question is a binary search.

class States {
  /** @param {Trace} trace */
  constructor(trace) {
    this.trace = trace;
    const { fields, lanes } = trace.run;
    /** @type {{events: number[], values: number[]}[][]} by lane and field; what never changed is absent */
    this.byLane = lanes.map(() => []);
    for (let c = 0; c < trace.changeEvent.length; c++) {
      const event = trace.changeEvent[c];
      const series = (this.byLane[trace.lane[event]][trace.changeField[c]] ??= { events: [], values: [] });
      const last = series.events.length - 1;
      // The last word of an event counts.
      if (last >= 0 && series.events[last] === event) series.values[last] = trace.changeValue[c];
      else {
        series.events.push(event);
        series.values.push(trace.changeValue[c]);
      }
    }
    this.field = new Map(fields.map((name, index) => [name, index]));
    this.roles = lanes.map((_, lane) => this.spans(lane, "role"));
  }

  /**
   * The value of a field after `event` (of any lane); "" if it has none.
   * @param {number} lane @param {number} field @param {number} event
   */
  value(lane, field, event) {
    const series = this.byLane[lane][field];
    if (!series) return "";
    const at = lowerBound(series.events, event + 1) - 1;
    return at < 0 ? "" : this.trace.run.values[series.values[at]];
  }

  /**
   * All fields of a lane after `event` that have a value, in the order of the fields.
   * @param {number} lane @param {number} event
   * @returns {Map<string, string>}
   */
  at(lane, event) {
    const state = new Map();
    this.trace.run.fields.forEach((name, field) => {
      const value = this.value(lane, field, event);
      if (value !== "") state.set(name, value);
    });
    return state;
  }

  /**
   * A field over time: where it took which value.
   * @param {number} lane @param {string} name
   * @returns {{from: number, to: number, value: string, event: number}[]}
   */
  spans(lane, name) {
    const series = this.byLane[lane][this.field.get(name) ?? -1];
    if (!series) return [];
    const { time, run } = this.trace;
    return series.events.map((event, i) => ({
      from: time[event],
      to: i + 1 < series.events.length ? time[series.events[i + 1]] : run.end,
      value: run.values[series.values[i]],
      event,
    }));
  }

  /** Who led, when, and in which epoch. A leader that is down leads no more. */
  leaders() {
    const { run } = this.trace;
    const epoch = this.field.get("epoch") ?? -1;
    return this.roles.flatMap((spans, lane) =>
      spans
        .filter((span) => span.value === "leader" && span.to > span.from)
        .map((span) => {
          const crash = run.down.find((d) => d.lane === lane && d.why === "crash" && d.from >= span.from && d.from < span.to);
          const term = epoch < 0 ? "" : this.value(lane, epoch, this.trace.indexAt(span.from));
          return { lane, from: span.from, to: crash ? crash.from : span.to, epoch: term };
        }),
    );
  }

  /**
   * The fields that are numbers on some lane, and so can be drawn as a curve.
   * @param {string} name
   */
  isNumeric(name) {
    const field = this.field.get(name) ?? -1;
    let any = false;
    for (const lane of this.byLane) {
      for (const value of lane[field]?.values ?? []) {
        const text = this.trace.run.values[value];
        if (text === "") continue;
        if (!/^-?\d+(\.\d+)?$/.test(text)) return false;
        any = true;
      }
    }
    return any;
  }
}
