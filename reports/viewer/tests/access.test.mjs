// Accessibility by axe, in both themes, wherever the page can be. The screenshots are for people to look at.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, barriers, settle } from "./browser.mjs";
import { oneRun, twoRuns } from "./synthetic.mjs";

const { cluster, base64 } = oneRun();
const SELECTED = `s=0.${cluster.violation.event}`;

/** @type {Browser} */
let browser;
/** @type {Record<string, string>} */
let urls = {};
before(async () => {
  browser = await Browser.launch();
  urls = { one: browser.file("one", base64).url, two: browser.file("two", twoRuns().base64).url };
});
after(() => browser.close());

const PLACES = [
  ["opening", "one", "", {}],
  ["event", "one", `#${SELECTED}&side=event`, {}],
  ["state", "one", `#${SELECTED}&side=state&lane=0.1&pins=commit,epoch`, {}],
  ["filters", "one", "#side=filters&kinds=timer&lanes=c3&q=append", {}],
  ["table", "one", `#main=table&${SELECTED}`, {}],
  ["faults", "one", "#from=1800000000&to=2700000000&c=2400000000&routine=1", {}],
  ["narrow", "one", `#${SELECTED}&side=event`, { width: 400, height: 850 }],
  ["compare", "two", "#side=state&lane=0.1", { height: 900 }],
];

for (const theme of ["light", "dark"]) {
  for (const [name, run, hash, size] of PLACES) {
    test(`${name} in the ${theme} theme`, async () => {
      const page = await browser.open(urls[run], { ...size, hash, colorScheme: theme });
      await browser.shot(page, `${name}-${theme}`);
      assert.deepEqual([...await barriers(page), ...page.complaints], []);
    });
  }

  test(`the help in the ${theme} theme, which is chosen against the system's`, async () => {
    const page = await browser.open(urls.one, { hash: `#theme=${theme}`, colorScheme: theme === "dark" ? "light" : "dark" });
    await page.keyboard.press("?");
    await settle(page);
    await browser.shot(page, `help-${theme}`);
    assert.deepEqual(await barriers(page), []);
    const back = await page.evaluate(() => document.querySelector("#lanes").getContext("2d").getImageData(2, 60, 1, 1).data[0]);
    assert.equal(back < 100, theme === "dark");
  });
}

test("who wants little motion gets none", async () => {
  const page = await browser.open(urls.one, { reducedMotion: "reduce" });
  const moving = await page.evaluate(() => [...document.querySelectorAll("*")].filter((element) => {
    const style = getComputedStyle(element);
    return style.transitionDuration !== "0s" || style.animationName !== "none";
  }).length);
  assert.equal(moving, 0);
});
