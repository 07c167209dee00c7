"use strict";
// Puts the page together.

/** @param {App} app */
function assemble(app) {
  const header = new Header(app, byId("top"));
  const toolbar = new Toolbar(app, byId("toolbar"));
  const [lanes, table] = [byId("stage"), byId("table")];
  /** @type {Part} */
  const panes = {
    update() {
      const shown = app.view.main === "lanes";
      if (lanes.hidden === !shown) return;
      lanes.hidden = !shown;
      table.hidden = shown;
    },
  };
  app.parts.push(panes, header, toolbar, new Overview(app, byId("overview")), new Stage(app, lanes), new EventTable(app, table),
    new Scrubber(app, byId("scrub")), new Legend(app, byId("legend")), new Side(app, byId("side")));
  const keys = keyTable(app, toolbar, header);
  listenToKeys(keys);
  fillHelp(keys);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => app.refresh());
  byId("page").hidden = false;
  app.refresh();
}

async function start() {
  const waiting = byId("waiting");
  waiting.hidden = false;
  try {
    const { header, traces } = await readPage(byId("data").textContent ?? "");
    assemble(new App(header, traces));
    performance.mark("drawn");
    waiting.hidden = true;
  } catch (error) {
    const failure = byId("failure");
    byId("page").hidden = waiting.hidden = true;
    failure.hidden = false;
    failure.textContent = `This run cannot be shown. ${error instanceof Error ? error.message : error}`;
  }
}

void start();
