// Everything without a pointer, and the address that keeps it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, address, settle } from "./browser.mjs";
import { load } from "./load.mjs";
import { oneRun, twoRuns } from "./synthetic.mjs";

const viewer = load();
const { cluster, base64 } = oneRun();
const [trace] = (await viewer.readPage(base64)).traces;
const { violation } = trace.run;

/** @type {Browser} */
let browser;
let url = "";
before(async () => {
  browser = await Browser.launch();
  url = browser.file("one", base64).url;
});
after(() => browser.close());

const selected = async (page) => {
  const ref = (await address(page)).get("s");
  return ref === null ? null : Number(ref.split(".")[1]);
};
const shown = cluster.events.flatMap((event, i) => (event.flags & 1 ? [] : [i]));

test("keys step along causes, lanes and labels", async () => {
  const page = await browser.open(url);
  await page.keyboard.press("v");
  assert.equal(await selected(page), violation.event);
  await page.keyboard.press("[");
  const cause = cluster.events[violation.event].cause;
  assert.equal(await selected(page), cause);
  await page.keyboard.press("]");
  assert.equal(await selected(page), cluster.events.findIndex((event) => event.cause === cause));
  await page.keyboard.press("p");
  const onLane = shown.filter((i) => trace.lane[i] === violation.lane);
  const at = onLane.indexOf(violation.event);
  assert.equal(await selected(page), onLane[at - 1]);
  await page.keyboard.press("n");
  assert.equal(await selected(page), violation.event);
  await page.keyboard.press("P");
  const sameLabel = shown.filter((i) => trace.label[i] === trace.label[violation.event]);
  assert.equal(await selected(page), sameLabel[sameLabel.indexOf(violation.event) - 1]);
  await page.keyboard.press("N");
  assert.equal(await selected(page), violation.event);
});

test("the cursor steps from event to event, and the state goes with it", async () => {
  const page = await browser.open(url, { hash: "#side=state&lane=0.0" });
  const times = [...new Set(shown.map((i) => trace.time[i]))];
  let at = times.indexOf(violation.t);
  for (const key of [",", ",", "."]) {
    await page.keyboard.press(key);
    at += key === "." ? 1 : -1;
    assert.equal((await address(page)).get("c") ?? String(violation.t), String(times[at]));
  }
});

test("a walk through the page with nothing but keys", async () => {
  const page = await browser.open(url);
  await page.keyboard.press("f");
  await page.keyboard.press("+");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("3");
  await page.keyboard.press("ArrowDown");
  assert.match((await address(page)).get("lane"), /^0\.\d+$/);
  await page.keyboard.press("Enter");
  const first = await selected(page);
  assert.notEqual(first, null);
  await page.keyboard.press("t");
  await settle(page);
  await page.locator("[role=grid]").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.equal(await selected(page), shown[shown.indexOf(first) + 1]);
  await page.keyboard.press("t");
  await page.keyboard.press("?");
  assert.ok(await page.locator("#help").isVisible());
  await page.keyboard.press("v");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#help").isVisible(), false);
  assert.equal(await selected(page), shown[shown.indexOf(first) + 1], "keys of the page rest while the help is open");
  await page.keyboard.press("Escape");
  assert.equal(await selected(page), null);
  await page.keyboard.press("r");
  await page.keyboard.press("C");
  const kept = await address(page);
  assert.equal(kept.get("routine"), "1");
  assert.equal(kept.get("theme"), "light");
  assert.deepEqual(page.complaints, []);
});

test("the help names every key, and no other", async () => {
  const page = await browser.open(url);
  const [told, known] = await page.evaluate(() => [
    [...document.querySelectorAll("#keys kbd")].map((key) => key.dataset.key),
    Object.keys(globalThis.keyActs(null, null, null)),
  ]);
  assert.deepEqual(told.sort(), known.sort());
  const buttons = await page.locator("[data-act]").evaluateAll((all) => all.map((one) => one.dataset.act));
  assert.deepEqual(buttons.filter((key) => !known.includes(key)), []);
});

test("tab reaches every control, and what is focused is visible", async () => {
  const page = await browser.open(url);
  const seen = new Set();
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const element = document.activeElement;
      const outline = getComputedStyle(element);
      return { name: element.id || element.getAttribute("aria-label") || element.textContent.trim(), outlined: outline.outlineStyle !== "none" && parseFloat(outline.outlineWidth) > 0, body: element === document.body };
    });
    if (focus.body) break;
    assert.ok(focus.outlined, `no focus is seen on ${focus.name}`);
    seen.add(focus.name);
  }
  for (const name of ["PNG", "SVG", "copy-link", "copy-line", "The window on the run", "tab-lanes", "Fit", "search", "lanes", "Cursor in time", "tab-story"]) assert.ok(seen.has(name), `${name} in ${[...seen]}`);
  await page.locator("#tab-story").focus();
  await page.keyboard.press("ArrowRight");
  await settle(page);
  assert.equal((await address(page)).get("side"), "event");
  assert.equal(await page.evaluate(() => document.activeElement.id), "tab-event");
});

test("a control that is drawn anew keeps the focus", async () => {
  const page = await browser.open(url, { hash: "#side=filters" });
  await page.locator('[data-key="hiddenKinds-timer"]').focus();
  await page.keyboard.press("Space");
  await settle(page);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("data-key")), "hiddenKinds-timer");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-pressed")), "false");
});

const looks = (page) => page.evaluate(() => ({
  canvas: document.querySelector("#lanes").toDataURL(), side: document.querySelector("#side-panel").textContent, theme: document.documentElement.dataset.theme,
  box: document.querySelector("#search").value, brush: document.querySelector(".brush").getAttribute("aria-valuetext"), names: document.querySelector(".names").textContent,
}));

test("the address restores what was looked at", async () => {
  const page = await browser.open(url);
  await page.keyboard.press("v");
  await page.keyboard.press("[");
  await page.keyboard.press("-");
  await page.keyboard.press("4");
  await page.locator('[data-key="hiddenLabels-get"]').click();
  await page.locator('[data-key="hiddenLanes-c4"]').click();
  await page.keyboard.press("C");
  await page.keyboard.press("3");
  await page.locator("#search").fill("vote");
  await page.locator("#search").blur();
  await page.locator("#lane").selectOption("0.2");
  await page.locator('[data-key="pin-epoch"]').click();
  const kept = await address(page);
  const before = await looks(page);
  const again = await browser.open(url, { hash: `#${kept}` });
  await settle(again);
  assert.deepEqual(await looks(again), before);
  await page.reload();
  await page.waitForSelector("#page:not([hidden])");
  assert.deepEqual(await looks(page), before);
  assert.equal(String(await address(page)), String(kept));
});

test("going back undoes a selection", async () => {
  const page = await browser.open(url);
  await page.keyboard.press("v");
  const first = await selected(page);
  await page.keyboard.press("[");
  const second = await selected(page);
  assert.notEqual(first, second);
  await page.goBack();
  assert.equal(await selected(page), first);
  assert.ok((await page.locator("#side-panel .own").textContent()).includes(trace.kindOf(first)));
  await page.goBack();
  assert.equal(await selected(page), null);
  await page.goForward();
  assert.equal(await selected(page), first);
});

test("two runs are kept in the address, too", async () => {
  const page = await browser.open(browser.file("two", twoRuns().base64).url);
  await page.keyboard.press("d");
  await page.getByRole("tab", { name: "B: repaired" }).click();
  await page.keyboard.press("n");
  const kept = await address(page);
  assert.equal(kept.get("runs"), "1");
  assert.match(kept.get("s"), /^1\./);
  const again = await browser.open(page.url().split("#")[0], { hash: `#${kept}` });
  assert.deepEqual(await looks(again), await looks(page));
});
