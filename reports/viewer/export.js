"use strict";
// The window as a file.

const NAMES_WIDTH = 90;
const TITLE_HEIGHT = 22;

/** Offers a file for saving. @param {Blob} blob @param {string} name */
function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** @param {App} app */
function fileName(app) {
  const { run } = app.traces[app.active];
  return `shaketable-${run.protocol}-seed-${run.seed}`.replace(/[^\w.-]+/g, "-");
}

/** @param {App} app */
function exportTitle(app) {
  const { run } = app.traces[app.active];
  const { from, to } = app.view;
  return `${run.scenario}, seed ${run.seed}: ${clock(from, (to - from) / 100)} to ${clock(to, (to - from) / 100)}`;
}

/** The scene of the window as a picture of its own: as wide as on the screen, with names. @param {App} app @returns {Scene} */
function exportScene(app) {
  const width = Math.max(600, byId("stage").clientWidth);
  const rows = layRows(app.traces, app.runs, app.view.hiddenLanes, 0);
  const last = rows[rows.length - 1];
  const height = (last ? last.y + last.height : AXIS_HEIGHT) + 2;
  const { from, to } = app.view;
  const frame = { left: NAMES_WIDTH, width, height, top: AXIS_HEIGHT, from, to, rows };
  return { view: app.view, frame, panels: app.panels(rows), palette: app.palette, diverges: app.header.diverges };
}

/** @param {App} app */
function svgOf(app) {
  const scene = exportScene(app);
  const pen = new SvgPen(scene.frame.width, scene.frame.height + TITLE_HEIGHT);
  drawScene(pen, scene);
  pen.text(8, scene.frame.height + TITLE_HEIGHT / 2, exportTitle(app), { fill: app.palette.named.muted, size: 11 });
  return pen.document(exportTitle(app));
}

/** @param {App} app */
function exportSvg(app) {
  save(new Blob([svgOf(app)], { type: "image/svg+xml" }), `${fileName(app)}.svg`);
  announce("The drawing was saved.");
}

/** @param {App} app */
function exportPng(app) {
  const scene = exportScene(app);
  const canvas = h("canvas");
  const height = scene.frame.height + TITLE_HEIGHT;
  canvas.width = scene.frame.width * 2;
  canvas.height = height * 2;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(2, 2);
  const pen = new CanvasPen(context, scene.frame.width, height);
  drawScene(pen, scene);
  pen.text(8, scene.frame.height + TITLE_HEIGHT / 2, exportTitle(app), { fill: app.palette.named.muted, size: 11 });
  canvas.toBlob((blob) => {
    if (blob) save(blob, `${fileName(app)}.png`);
  }, "image/png");
  announce("The image was saved.");
}
