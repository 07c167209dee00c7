// Runs the page's scripts that need no document, in one global scope as a browser does, and hands out what they define.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const SCRIPTS = ["data.js", "model.js", "address.js"];
const NAMES = [
  "varints", "readPage", "Trace", "States", "Shown", "causalSlice", "readableHops", "densityOf", "lowerBound",
  "initialState", "writeAddress", "readAddress", "SLICE_LIMIT", "SLICE_READABLE",
];

export function load() {
  for (const name of SCRIPTS) {
    vm.runInThisContext(readFileSync(new URL(`../${name}`, import.meta.url), "utf8"), { filename: name });
  }
  return vm.runInThisContext(`({ ${NAMES.join(", ")} })`);
}
