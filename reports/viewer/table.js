"use strict";
// The shown events as a table. Only the rows in view are elements, however many events there are.

const ROW_HEIGHT = 26;
const COLUMNS = ["time", "id", "lane", "kind", "label", "cause", "details"];

class EventTable extends Pane {
  /** The place of the focused row among the shown events. */
  at = 0;
  body = one(".rows");
  grid = one(".grid");

  start() {
    const { grid, body } = this;
    one(".heads").append(h("div", { role: "row", class: "tr head", "aria-rowindex": "1" }, ...COLUMNS.map((name) => h("div", { role: "columnheader", class: `td ${name}` }, name))));
    grid.onscroll = () => this.fill();
    grid.onkeydown = (key) => this.key(key);
    body.onclick = (click) => {
      const row = around(click, "data-at");
      if (row) this.choose(Number(row.dataset.at));
    };
    new ResizeObserver(() => this.go(this.at)).observe(grid);
  }

  get events() {
    return this.app.shown[this.app.active].events;
  }

  update() {
    const { app, events } = this;
    this.place.hidden = app.view.main !== "table";
    if (this.place.hidden) return;
    const { run, count } = app.traces[app.active];
    one(".caption").textContent = `${grouped(events.length)} of ${grouped(count)} events${app.traces.length > 1 ? ` of ${"AB"[app.active]}: ${run.name}` : ""}`;
    this.grid.ariaRowCount = String(events.length + 1);
    this.body.style.height = `${events.length * ROW_HEIGHT}px`;
    if (app.touched("selected", "main", "cursor", "hiddenKinds", "hiddenLabels", "routine", "runs")) {
      this.go(lowerBound(events, app.now(app.active) + 1) - 1);
    } else this.fill();
  }

  /** @param {number} at */
  go(at) {
    const { grid, events } = this;
    this.at = Math.max(0, Math.min(at, events.length - 1));
    const top = this.at * ROW_HEIGHT;
    const room = grid.clientHeight - 2 * ROW_HEIGHT;
    if (top < grid.scrollTop || top > grid.scrollTop + room) grid.scrollTop = Math.max(0, top - room / 2);
    this.fill();
  }

  fill() {
    const { grid, body, events, at } = this;
    if (grid.clientHeight === 0) return;
    const first = Math.max(0, Math.floor(grid.scrollTop / ROW_HEIGHT) - 5);
    const last = first + Math.ceil(grid.clientHeight / ROW_HEIGHT) + 12;
    body.replaceChildren(...events.slice(first, last).map((event, i) => this.row(event, first + i)));
    if (at >= first && at < Math.min(last, events.length)) grid.setAttribute("aria-activedescendant", `row-${at}`);
    else grid.removeAttribute("aria-activedescendant");
  }

  /** @param {number} event @param {number} at */
  row(event, at) {
    const { app } = this;
    const trace = app.traces[app.active];
    const cause = trace.cause[event];
    const cells = [
      exactly(trace.time[event]), String(trace.id[event]), trace.laneName(event), trace.kindOf(event), trace.labelOf(event),
      cause < 0 ? "" : `${trace.laneName(cause)} #${trace.id[cause]}`, trace.run.details[trace.detail[event]]?.slice(0, 160) ?? "",
    ];
    const { selected } = app.view;
    const near = selected?.[0] === app.active && app.slice?.has(event);
    return h("div", {
      role: "row", id: `row-${at}`, "data-at": at, "aria-rowindex": at + 2, "aria-selected": String(near && selected[1] === event),
      class: `tr${at === this.at ? " here" : ""}${near ? " near" : ""}`, style: `top:${at * ROW_HEIGHT}px`,
    }, ...cells.map((words, i) => h("div", { role: "gridcell", class: `td ${COLUMNS[i]}` }, words)));
  }

  /** @param {number} at */
  choose(at) {
    if (at < this.events.length) this.app.select([this.app.active, this.events[at]]);
  }

  /** @param {KeyboardEvent} key */
  key(key) {
    const page = Math.max(1, Math.floor(this.grid.clientHeight / ROW_HEIGHT) - 2);
    /** @type {Record<string, number>} */
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (key.key in steps) this.go(this.at + steps[key.key]);
    else if (key.key === "Enter") this.choose(this.at);
    else return;
    key.preventDefault();
  }
}
