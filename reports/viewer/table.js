"use strict";
// The shown events as a table. Only the rows in view are elements, however many events there are.

const ROW_HEIGHT = 26;
const COLUMNS = /** @type {const} */ (["time", "id", "lane", "kind", "label", "cause", "details"]);

/** @implements {Part} */
class EventTable {
  /** @param {App} app @param {HTMLElement} place */
  constructor(app, place) {
    this.app = app;
    this.place = place;
    /** The place of the focused row among the shown events. */
    this.at = 0;
    this.head = h("div", { role: "row", class: "tr head", "aria-rowindex": "1" }, ...COLUMNS.map((name) => h("div", { role: "columnheader", class: `td ${name}` }, name)));
    this.body = h("div", { role: "rowgroup", class: "rows" });
    this.grid = h("div", { role: "grid", "aria-label": "Events", "aria-colcount": COLUMNS.length, class: "grid", tabindex: "0" },
      h("div", { role: "rowgroup", class: "heads" }, this.head), this.body);
    this.caption = h("p", { class: "muted caption" });
    place.append(this.caption, this.grid);
    this.grid.addEventListener("scroll", () => this.fill());
    this.grid.addEventListener("keydown", (key) => this.key(key));
    this.body.addEventListener("click", (click) => {
      const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (click.target).closest("[data-at]"));
      if (row) this.choose(Number(row.dataset.at));
    });
    new ResizeObserver(() => this.fill()).observe(this.grid);
  }

  get shown() {
    return this.app.shown[this.app.active];
  }

  /** @param {Set<Key>} changed */
  update(changed) {
    const { app } = this;
    if (app.view.main !== "table") return;
    const { events } = this.shown;
    const { run, count } = app.traces[app.active];
    this.caption.textContent = `${events.length.toLocaleString("en")} of ${count.toLocaleString("en")} events${app.traces.length > 1 ? ` of ${app.active === 0 ? "A" : "B"}: ${run.name}` : ""}`;
    this.grid.setAttribute("aria-rowcount", String(events.length + 1));
    this.body.style.height = `${events.length * ROW_HEIGHT}px`;
    if (changed.has("selected") || changed.has("main") || changed.has("cursor") || FILTERS.some((key) => changed.has(key))) {
      this.at = this.placeOf(app.now(app.active));
      this.reveal();
    }
    this.fill();
  }

  /** @param {number} event */
  placeOf(event) {
    const { events } = this.shown;
    const at = lowerBound(events, event);
    return Math.max(0, Math.min(events[at] === event ? at : at - 1, events.length - 1));
  }

  reveal() {
    const top = this.at * ROW_HEIGHT;
    const room = this.grid.clientHeight - 2 * ROW_HEIGHT;
    if (top < this.grid.scrollTop || top > this.grid.scrollTop + room) this.grid.scrollTop = Math.max(0, top - room / 2);
  }

  fill() {
    const { grid, body, shown } = this;
    if (grid.clientHeight === 0) return;
    const first = Math.max(0, Math.floor(grid.scrollTop / ROW_HEIGHT) - 5);
    const last = Math.min(shown.events.length, first + Math.ceil(grid.clientHeight / ROW_HEIGHT) + 12);
    const rows = [];
    for (let at = first; at < last; at++) rows.push(this.row(at));
    body.replaceChildren(...rows);
    if (this.at >= first && this.at < last) grid.setAttribute("aria-activedescendant", `row-${this.at}`);
    else grid.removeAttribute("aria-activedescendant");
  }

  /** @param {number} at */
  row(at) {
    const { app } = this;
    const trace = app.traces[app.active];
    const event = this.shown.events[at];
    const cause = trace.cause[event];
    const detail = trace.detail[event];
    /** @type {Record<typeof COLUMNS[number], string>} */
    const cells = {
      time: exactly(trace.time[event]), id: String(trace.id[event]), lane: trace.laneName(event), kind: trace.kindOf(event), label: trace.labelOf(event),
      cause: cause < 0 ? "" : `${trace.laneName(cause)} #${trace.id[cause]}`, details: detail < 0 ? "" : trace.run.details[detail].slice(0, 160),
    };
    const selected = app.view.selected?.[0] === app.active && app.view.selected[1] === event;
    return h("div", { role: "row", id: `row-${at}`, "data-at": at, "aria-rowindex": at + 2, "aria-selected": String(selected), class: `tr${at === this.at ? " here" : ""}${app.slice?.has(event) ? " near" : ""}`, style: `top:${at * ROW_HEIGHT}px` },
      ...COLUMNS.map((name) => h("div", { role: "gridcell", class: `td ${name}` }, cells[name])));
  }

  /** @param {number} at */
  choose(at) {
    this.at = at;
    const event = this.shown.events[at];
    if (event !== undefined) this.app.select([this.app.active, event]);
  }

  /** @param {KeyboardEvent} key */
  key(key) {
    const page = Math.max(1, Math.floor(this.grid.clientHeight / ROW_HEIGHT) - 2);
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity });
    if (key.key in steps) {
      key.preventDefault();
      this.at = Math.max(0, Math.min(this.shown.events.length - 1, this.at + steps[key.key]));
      this.reveal();
      this.fill();
    } else if (key.key === "Enter") {
      key.preventDefault();
      this.choose(this.at);
    }
  }
}
