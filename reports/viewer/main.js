"use strict";
// Puts the page together, and saves pictures of it.

const NAMES_WIDTH = 90;
const TITLE_HEIGHT = 22;

/** @param {App} app @param {Blob} blob @param {string} ending */
function offer(app, blob, ending) {
  const { protocol, seed } = app.traces[app.active].run;
  const href = URL.createObjectURL(blob);
  h("a", { href, download: `shaketable-${protocol}-seed-${seed}`.replace(/[^\w.-]+/g, "-") + ending }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
  announce("The picture was saved.");
}

/**
 * Draws the window as a picture of its own: as wide as on the screen, with names and a title.
 * @param {App} app @param {(width: number, height: number) => Pen["context"]} surface
 */
function drawPicture(app, surface) {
  const width = Math.max(600, one("#overview").clientWidth + NAMES_WIDTH);
  const scene = compose(app, layRows(app, 0), NAMES_WIDTH, width);
  const height = scene.frame.height + TITLE_HEIGHT;
  const pen = new Pen(surface(width, height), width, height);
  const { scenario, seed } = app.traces[app.active].run;
  const title = `${scenario}, seed ${seed}: ${windowWords(app.view)}`;
  drawScene(pen, scene);
  pen.text(8, height - TITLE_HEIGHT / 2, title, { fill: scene.ink.muted });
  return { width, height, title };
}

/** @param {App} app */
function exportSvg(app) {
  const svg = svgSurface();
  const { width, height, title } = drawPicture(app, () => svg);
  const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`;
  offer(app, new Blob([`${head}<title>${escapeXml(title)}</title>\n${svg.parts.join("\n")}\n</svg>\n`], { type: "image/svg+xml" }), ".svg");
}

/** @param {App} app */
function exportPng(app) {
  const canvas = h("canvas");
  drawPicture(app, (width, height) => contextOf(canvas, width, height, 2));
  canvas.toBlob((blob) => blob && offer(app, blob, ".png"), "image/png");
}

/** @param {App} app */
function assemble(app) {
  one("#page").hidden = false;
  const header = new Header(app, one("#top")).start();
  const toolbar = new Toolbar(app, one("#toolbar")).start();
  new Overview(app, one("#overview")).start();
  new Stage(app, one("#stage")).start();
  new EventTable(app, one("#table")).start();
  new Scrubber(app, one("#scrub")).start();
  new Legend(app, one("#legend"));
  new Side(app, one("#side"));
  listenToKeys(keyActs(app, toolbar, header));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => app.refresh());
  app.refresh();
}

async function start() {
  const [waiting, failure] = [one("#waiting"), one("#failure")];
  waiting.hidden = false;
  try {
    const { header, traces } = await readPage(one("#data").textContent ?? "");
    assemble(new App(header, traces));
    performance.mark("drawn");
  } catch (error) {
    one("#page").hidden = true;
    failure.hidden = false;
    failure.textContent = `This run cannot be shown. ${error instanceof Error ? error.message : error}`;
  }
  waiting.hidden = true;
}

void start();
