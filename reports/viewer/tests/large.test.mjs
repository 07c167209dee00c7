// A run of a hundred thousand events: that it works is asserted, how fast it is is printed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, address, settle } from "./browser.mjs";
import { load } from "./load.mjs";
import { oneRun } from "./synthetic.mjs";

const EVENTS = 100_000;
const MOST_BYTES = 1_000_000;

/** @type {Browser} */
let browser;
/** @type {{url: string, bytes: number}} */
let file;
const viewer = load();
const { base64 } = oneRun({ events: EVENTS });
before(async () => {
  browser = await Browser.launch();
  file = browser.file("large", base64);
});
after(() => browser.close());

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** The times of frames while `step` is done in each. */
function frames(page, step, count) {
  return page.evaluate(async ([words, n]) => {
    const act = new Function("i", words);
    const next = () => new Promise((done) => requestAnimationFrame(done));
    const [busy, whole] = [[], []];
    let last = await next();
    for (let i = 0; i < n; i++) {
      // The first callback of the frame in which the step is drawn.
      let begun = 0;
      requestAnimationFrame(() => (begun = performance.now()));
      act(i);
      const now = await next();
      whole.push(now - last);
      last = now;
      // A message is delivered when all work of the frame has been done.
      await new Promise((done) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = done;
        port2.postMessage(null);
      });
      busy.push(performance.now() - begun);
    }
    return { busy, whole };
  }, [step, count]);
}

/** Zooms out until just before single shapes give way to density, and counts them. */
async function widen(page) {
  const dense = () => page.locator(".note").isVisible();
  const wheel = async (deltaY) => {
    await page.evaluate((delta) => {
      const box = document.querySelector("#lanes").getBoundingClientRect();
      document.querySelector("#lanes").dispatchEvent(new WheelEvent("wheel", { deltaY: delta, clientX: box.x + 9, clientY: box.y + 90, bubbles: true, cancelable: true }));
    }, deltaY);
    await settle(page);
  };
  while (!(await dense())) await wheel(60);
  while (await dense()) await wheel(-10);
  const kept = await address(page);
  assert.equal(await dense(), false);
  const [trace] = (await viewer.readPage(base64)).traces;
  return new viewer.Shown(trace, (i) => !(trace.flags[i] & 1)).shapes(Number(kept.get("from")), Number(kept.get("to")));
}

test("a hundred thousand events", async (t) => {
  assert.ok(file.bytes < MOST_BYTES, `${file.bytes} bytes`);
  t.diagnostic(`file: ${file.bytes} bytes`);
  const page = await browser.open(file.url);
  const times = await page.evaluate(() => ({ drawn: performance.getEntriesByName("drawn")[0].startTime, paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime }));
  t.diagnostic(`drawn after ${times.drawn.toFixed(0)} ms, first paint after ${times.paint?.toFixed(0)} ms`);
  await browser.shot(page, "large");
  const drag = (words) => `const c = document.querySelector("#lanes"), b = c.getBoundingClientRect(); ${words}`;
  const wheel = (delta) => drag(`c.dispatchEvent(new WheelEvent("wheel", { ${delta}, clientX: b.x + b.width * 0.4, clientY: b.y + 90, bubbles: true, cancelable: true }))`);
  const measured = {
    "pan at the violation": [[], wheel("deltaX: i % 20 < 10 ? 30 : -30")],
    "pan with as many shapes as are drawn singly": [["-"], wheel("deltaX: i % 20 < 10 ? 30 : -30")],
    "zoom through all levels": [["f"], wheel("deltaY: i % 60 < 30 ? -120 : 120")],
    "pan the whole run, as density": [["f", "+"], wheel("deltaX: i % 20 < 10 ? 30 : -30")],
  };
  for (const [name, [keys, step]] of Object.entries(measured)) {
    await page.keyboard.press("v");
    await page.keyboard.press("Escape");
    for (const key of keys) await page.keyboard.press(key);
    await settle(page);
    if (keys[0] === "-") t.diagnostic(`the most shapes drawn singly: ${await widen(page)}`);
    const { busy, whole } = await frames(page, step, 120);
    t.diagnostic(`${name}: work ${median(busy).toFixed(1)} ms, a frame every ${median(whole).toFixed(1)} ms, at the median`);
  }
  await page.keyboard.press("f");
  await settle(page);
  assert.match(await page.locator(".note").textContent(), /drawn as density/);
  await browser.shot(page, "large-density");
  await page.keyboard.press("t");
  await page.locator("[role=grid]").focus();
  await page.keyboard.press("End");
  await settle(page);
  assert.ok((await page.locator("#table .rows [role=row]").count()) < 80);
  assert.deepEqual(page.complaints, []);
});
