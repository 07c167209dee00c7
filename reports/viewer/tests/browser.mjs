// Opens the inlined page as a file in Chromium.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { inline } from "../inline.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SHOTS = fileURLToPath(new URL("../shots/", import.meta.url));
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"];

export class Browser {
  static async launch() {
    const self = new Browser();
    self.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });
    self.folder = mkdtempSync(join(tmpdir(), "shaketable-viewer-"));
    mkdirSync(SHOTS, { recursive: true });
    return self;
  }

  /** Writes a page and says its address. @param {string} name @param {string} base64 */
  file(name, base64) {
    const path = join(this.folder, `${name}.html`);
    const html = inline(base64);
    writeFileSync(path, html);
    return { url: pathToFileURL(path).href, bytes: Buffer.byteLength(html) };
  }

  /**
   * @param {string} url
   * @param {{width?: number, height?: number, colorScheme?: "light" | "dark", hash?: string, javaScriptEnabled?: boolean, hasTouch?: boolean, ready?: string}} options
   */
  async open(url, { width = 1280, height = 800, hash = "", ready = "#page:not([hidden]), #failure:not([hidden])", ...rest } = {}) {
    const context = await this.browser.newContext({ viewport: { width, height }, acceptDownloads: true, ...rest });
    const page = await context.newPage();
    /** What no page may do: complain, or ask for anything but itself. */
    page.complaints = [];
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.complaints.push(message.text()));
    page.on("pageerror", (error) => page.complaints.push(String(error)));
    page.on("request", (request) => request.url().split("#")[0] !== url && !request.url().startsWith("blob:") && page.complaints.push(`request: ${request.url()}`));
    await page.goto(url + hash);
    if (rest.javaScriptEnabled !== false) await page.waitForSelector(ready);
    return page;
  }

  /** @param {import("playwright-core").Page} page @param {string} name */
  async shot(page, name) {
    await settle(page);
    await page.screenshot({ path: join(SHOTS, `${name}.png`) });
  }

  async close() {
    await this.browser.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** Waits until what was changed is drawn. @param {import("playwright-core").Page} page */
export function settle(page) {
  return page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null)))));
}

/** What the page looks at, as its address says after all has been written. @param {import("playwright-core").Page} page */
export async function address(page) {
  await settle(page);
  await page.waitForTimeout(260);
  return new URLSearchParams(new URL(page.url()).hash.slice(1));
}

/** What axe finds wrong with what the page shows now, and whether it is too wide for its window. @param {import("playwright-core").Page} page */
export async function barriers(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return wide > 0 ? [...found, `the page is ${wide} pixels too wide`] : found;
}
