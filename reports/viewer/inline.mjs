// Makes one file of the page: its style and scripts put in place, and the data. The tests use it.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** The names of the page's scripts, in order. */
export function scripts() {
  return [...readFileSync(here("page.html"), "utf8").matchAll(/<script src="([^"]+)"><\/script>/g)].map((match) => match[1]);
}

/** @param {string} base64 the data */
export function inline(base64) {
  return readFileSync(here("page.html"), "utf8")
    .replace(/<link rel="stylesheet" href="([^"]+)">/, (_, name) => `<style>\n${readFileSync(here(name), "utf8")}</style>`)
    .replace(/<script src="([^"]+)"><\/script>/g, (_, name) => `<script>\n${readFileSync(here(name), "utf8")}</script>`)
    .replace(/(<script type="application\/octet-stream;base64" id="data">)(<\/script>)/, (_, open, close) => open + base64 + close);
}
