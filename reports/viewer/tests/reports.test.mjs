// The pages of sweeps and placements, as they are in the gallery: no complaint, no barrier, nothing too wide, in both themes.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Browser, barriers, settle } from "./browser.mjs";

const GALLERY = fileURLToPath(new URL("../../gallery/", import.meta.url));
const PAGES = readdirSync(GALLERY).filter((name) => name.endsWith(".html"));

/** @type {Browser} */
let browser;
before(async () => { browser = await Browser.launch(); });
after(() => browser.close());

/** @param {string} name @param {object} options */
const open = (name, options) => browser.open(pathToFileURL(GALLERY + name).href, { ready: "main", ...options });

test("there are pages to look at", () => assert.ok(PAGES.length >= 2, PAGES.join()));

for (const name of PAGES) {
  for (const [theme, size] of [["light", { width: 1280, height: 1000 }], ["dark", { width: 1280, height: 1000 }], ["light", { width: 400, height: 850 }]]) {
    test(`${name} in the ${theme} theme, ${size.width} pixels wide`, async () => {
      const page = await open(name, { ...size, colorScheme: theme });
      await browser.shot(page, `report-${name.replace(".html", "")}-${theme}-${size.width}`);
      // What is folded is looked at, too.
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
      assert.deepEqual([...await barriers(page), ...page.complaints], []);
      const over = await page.evaluate(() => [...document.querySelectorAll(".plot text")].filter((text) => {
        const [box, picture] = [text.getBoundingClientRect(), text.ownerSVGElement.getBoundingClientRect()];
        return box.left < picture.left - 1 || box.right > picture.right + 1 || box.top < picture.top - 1 || box.bottom > picture.bottom + 1;
      }).map((text) => text.textContent));
      assert.deepEqual(over, [], "words reach out of their picture");
    });
  }

  test(`${name} by keyboard, and with no script in it`, async () => {
    const page = await open(name, {});
    const sections = await page.locator("nav a").count();
    assert.ok(sections > 0);
    for (let place = 0; place < sections; place++) {
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await settle(page);
      assert.equal(new URL(page.url()).hash, `#s${place}`);
      await page.locator("nav a").nth(place).focus();
    }
    assert.equal(await page.locator("script").count(), 0);
  });
}
