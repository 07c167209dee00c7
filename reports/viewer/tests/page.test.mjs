// The page as people meet it: what it shows, and what pointers and panels do. Data is checked against the cluster.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Browser, address, settle } from "./browser.mjs";
import { load } from "./load.mjs";
import { encode, oneRun, pack, twoRuns } from "./synthetic.mjs";

const viewer = load();
const run = oneRun();
const { cluster } = run;
const [trace] = (await viewer.readPage(run.base64)).traces;
const initial = viewer.initialState([trace], [0]);
const { violation } = trace.run;

/** @type {Browser} */
let browser;
let url = "";
before(async () => {
  browser = await Browser.launch();
  url = browser.file("one", run.base64).url;
});
after(() => browser.close());

/** Where an event is on the screen, in the window that the page opens with. */
async function placeOf(page, event, window = initial) {
  const canvas = await page.locator("#lanes").boundingBox();
  const name = await page.locator(`.name[data-ref="0.${trace.lane[event]}"]`).boundingBox();
  return [canvas.x + ((trace.time[event] - window.from) / (window.to - window.from)) * canvas.width, name.y + name.height / 2];
}

const pixels = (page) => page.evaluate(() => document.querySelector("#lanes").toDataURL());
const shownCount = async (page) => Number((await page.locator("#table .caption").textContent()).split(" ")[0].replaceAll(",", ""));

test("it loads from a file, tells the run and its story, and complains of nothing", async () => {
  const page = await browser.open(url);
  assert.match(await page.locator(".verdict").textContent(), /Violation/);
  assert.equal(await page.locator("h1").textContent(), "linearizability");
  const facts = await page.locator(".top .facts").textContent();
  for (const fact of ["raft", "read-without-quorum", "17", trace.run.scenario]) assert.ok(facts.includes(fact), fact);
  assert.equal(await page.locator(".line code").textContent(), trace.run.reproduce);
  assert.equal(await page.locator(".message").textContent(), violation.message);
  assert.deepEqual(await page.locator(".story li").allTextContents(), violation.story);
  await page.locator("[data-key=against-0]").click();
  assert.equal((await address(page)).get("s"), `0.${violation.against[0]}`, "what it goes against is a press away");
  assert.deepEqual(page.complaints, []);
});

test("it opens at the violation", async () => {
  const page = await browser.open(url);
  assert.ok((await page.locator("#scrub output").textContent()).startsWith((violation.t / 1e6).toLocaleString("en", { minimumFractionDigits: 6 })));
  const [x, y] = await placeOf(page, violation.event);
  await page.mouse.click(x, y);
  assert.equal((await address(page)).get("s"), `0.${violation.event}`);
  const redBelow = await page.evaluate(([left, top]) => {
    const canvas = document.querySelector("#lanes");
    const box = canvas.getBoundingClientRect();
    const [r, g] = canvas.getContext("2d").getImageData(Math.round(left - box.x), Math.round(top - box.y) + 30, 1, 1).data;
    return r > 120 && g < 90;
  }, [x, y]);
  assert.ok(redBelow, "the violation is marked with a line");
});

test("lights tell what holds at the cursor", async () => {
  const page = await browser.open(url);
  const lights = () => page.locator(".light-state").allTextContents();
  assert.deepEqual(await lights(), ["broken", "holds", "holds", "not checked"]);
  await page.locator("#scrub input").focus();
  await page.keyboard.press("ArrowLeft");
  await settle(page);
  assert.deepEqual(await lights(), ["holds so far", "holds", "holds", "not checked"]);
});

test("filters by kind, label, lane and routine change what is shown", async () => {
  const page = await browser.open(url, { hash: "#main=table&side=filters" });
  const quiet = cluster.events.filter((event) => !(event.flags & 1));
  assert.equal(await shownCount(page), quiet.length);
  await page.locator('[data-key="hiddenLabels-Append"]').click();
  await page.locator('[data-key="hiddenKinds-synced"]').click();
  await settle(page);
  const kept = (event) => event.label !== "Append" && event.kind !== "synced";
  assert.equal(await shownCount(page), quiet.filter(kept).length);
  assert.equal(await page.locator('[data-key="hiddenKinds-synced"] .number').textContent(), String(cluster.events.filter((event) => event.kind === "synced").length));
  await page.locator('[data-key="routine-Heartbeats and other routine"]').click();
  await settle(page);
  assert.equal(await shownCount(page), cluster.events.filter(kept).length);
  await page.locator('[data-key="hiddenKinds-ask"]').click({ modifiers: ["Alt"] });
  await settle(page);
  assert.equal(await shownCount(page), cluster.events.filter((event) => event.kind === "ask").length);
  await page.getByRole("button", { name: "Show all" }).click();
  await page.getByRole("tab", { name: "Lanes" }).click();
  await page.locator('[data-key="hiddenLanes-n3"]').click();
  await settle(page);
  assert.equal(await page.locator(".name", { hasText: "n3" }).count(), 0);
  await page.locator('[data-key="hiddenLanes-n2"]').click();
  assert.equal((await address(page)).get("lanes"), "n3,n2");
  await browser.shot(page, "hidden-lanes");
  assert.deepEqual(page.complaints, []);
});

test("a selected event shows its slice, and the slider bounds it", async () => {
  const page = await browser.open(url, { hash: `#s=0.${violation.event}&side=event` });
  const expected = (hops) => [...viewer.causalSlice(trace, violation.event, hops).keys()].length;
  const hops = viewer.readableHops(trace, violation.event);
  assert.equal(await page.locator("#slice-size").textContent(), `${expected(hops)} events at most ${hops} hops away. The rest is faded.`);
  await page.locator("#hops").fill("1");
  await settle(page);
  assert.equal(await page.locator("ol.slice li").count(), expected(1));
  assert.equal((await address(page)).get("k"), "1");
  const early = cluster.events.findIndex((event, i) => event.detail && viewer.causalSlice(trace, i, 3).size > 8);
  await page.goto(`${url}#s=0.${early}&side=event`);
  await settle(page);
  assert.ok((await page.locator(".json").textContent()).includes(cluster.events[early].detail.body.type));
  assert.equal(await page.locator("ol.slice li.own").count(), 1);
});

test("what is not of the slice is faded on the lanes", async () => {
  const page = await browser.open(url);
  const slice = viewer.causalSlice(trace, violation.event, 40);
  const other = cluster.events.findLastIndex((event, i) => event.kind === "message" && !(event.flags & 1) && !slice.has(i) && i < violation.event && folded(event.lane, i).role === "follower");
  assert.ok(trace.time[other] > initial.from);
  const box = await page.locator("#lanes").boundingBox();
  const [x, y] = await placeOf(page, other);
  const darkness = () => page.evaluate(([left, top]) => {
    const ratio = devicePixelRatio;
    const [r, g, b] = document.querySelector("#lanes").getContext("2d").getImageData(Math.round(left * ratio), Math.round(top * ratio), 1, 1).data;
    return 765 - r - g - b;
  }, [x - box.x, y - box.y]);
  const before = await darkness();
  await page.keyboard.press("v");
  await settle(page);
  const after = await darkness();
  assert.ok(before > after + 100, `${before}, then ${after}`);
  await page.keyboard.press("Escape");
  await settle(page);
  assert.equal((await address(page)).get("s"), null);
});

/** A node's state by folding. */
function folded(lane, event) {
  const state = {};
  for (let i = 0; i <= event; i++) if (cluster.events[i].lane === lane) Object.assign(state, cluster.events[i].changes);
  return state;
}

const stateShown = (page, column) => page.locator("table.state tbody tr").evaluateAll(
  (rows, at) => Object.fromEntries(rows.map((row) => [row.children[0].textContent, row.children[at].textContent]).filter(([, value]) => value !== "–")), column);

test("the state of a lane follows the cursor", async () => {
  const page = await browser.open(url, { hash: "#side=state&lane=0.1" });
  for (const share of [0.2, 0.5, 0.9]) {
    const time = Math.round(trace.run.end * share);
    await page.goto(`${url}#side=state&lane=0.1&c=${time}`);
    await settle(page);
    assert.deepEqual(await stateShown(page, 2), folded(1, trace.indexAt(time)));
  }
  const changing = cluster.events.findIndex((event) => event.changes.role === "leader");
  await page.goto(`${url}#side=state&s=0.${changing}&c=${trace.time[changing]}&lane=0.${trace.lane[changing]}`);
  await settle(page);
  assert.deepEqual(await stateShown(page, 1), folded(trace.lane[changing], changing - 1));
  assert.deepEqual(await stateShown(page, 2), folded(trace.lane[changing], changing));
  const marked = await page.locator("table.state td.changed").allTextContents();
  assert.deepEqual(marked.sort(), Object.values(cluster.events[changing].changes).sort());
});

test("a pinned number is drawn on the lanes", async () => {
  const page = await browser.open(url, { hash: "#side=state&lane=0.1" });
  const plain = await pixels(page);
  assert.equal(await page.locator('[data-key="pin-role"]').count(), 0, "what is no number cannot be pinned");
  await page.locator('[data-key="pin-commit"]').click();
  assert.equal((await address(page)).get("pins"), "commit");
  assert.notEqual(await pixels(page), plain);
});

test("wheel, drag and the strip move the window", async () => {
  const page = await browser.open(url);
  const window = async () => {
    const kept = await address(page);
    return ["from", "to"].map((key) => Number(kept.get(key) ?? initial[key]));
  };
  const box = await page.locator("#lanes").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + 8);
  await page.mouse.wheel(0, 400);
  const [from, to] = await window();
  assert.ok(to - from > initial.to - initial.from);
  await page.mouse.move(box.x + box.width / 2, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + 100, box.y + 60, { steps: 4 });
  await page.mouse.up();
  const [panned] = await window();
  const moved = ((from - panned) / (to - from)) * box.width;
  assert.ok(Math.abs(moved - 100) < 2, `moved by ${moved}`);
  const strip = await page.locator("#overview").boundingBox();
  await page.mouse.move(strip.x + strip.width * 0.2, strip.y + 20);
  await page.mouse.down();
  await page.mouse.move(strip.x + strip.width * 0.4, strip.y + 20, { steps: 4 });
  await page.mouse.up();
  const [left, right] = await window();
  assert.ok(Math.abs(left / trace.run.end - 0.2) < 0.01 && Math.abs(right / trace.run.end - 0.4) < 0.01, `${left} ${right}`);
  await page.mouse.move(strip.x + strip.width * 0.4, strip.y + 20);
  await page.mouse.down();
  await page.mouse.move(strip.x + strip.width * 0.6, strip.y + 20, { steps: 4 });
  await page.mouse.up();
  const [stays, grown] = await window();
  assert.equal(stays, left);
  assert.ok(Math.abs(grown / trace.run.end - 0.6) < 0.01);
});

test("two fingers zoom", async () => {
  const page = await browser.open(url, { width: 400, hasTouch: true });
  const session = await page.context().newCDPSession(page);
  const box = await page.locator("#lanes").boundingBox();
  const touch = (type, ...xs) => session.send("Input.dispatchTouchEvent", { type, touchPoints: xs.map((x, id) => ({ x: box.x + x, y: box.y + 100, id })) });
  await touch("touchStart", 100);
  await touch("touchStart", 100, 200);
  for (let by = 5; by <= 50; by += 5) await touch("touchMove", 100 - by, 200 + by);
  await touch("touchEnd");
  const kept = await address(page);
  const [from, to] = [Number(kept.get("from")), Number(kept.get("to"))];
  const factor = (to - from) / (initial.to - initial.from);
  assert.ok(Math.abs(factor - 0.5) < 0.05, `zoomed by ${factor}`);
});

test("the search finds what naive search finds, and steps through it", async () => {
  const page = await browser.open(url);
  await page.keyboard.press("/");
  await page.keyboard.type("requestvote");
  await settle(page);
  const found = cluster.events.flatMap((event, i) => (!(event.flags & 1) && [event.kind, event.label, JSON.stringify(event.detail)].some((text) => text.toLowerCase().includes("requestvote")) ? [i] : []));
  assert.ok(found.length > 3);
  assert.equal(await page.locator("#toolbar .count").textContent(), `${found.length} found`);
  await page.keyboard.press("Enter");
  assert.equal((await address(page)).get("s"), `0.${found[0]}`, "from the last event it begins anew");
  await page.keyboard.press("Enter");
  assert.equal((await address(page)).get("s"), `0.${found[1]}`);
  assert.equal(await page.locator("#toolbar .count").textContent(), `2 of ${found.length}`);
  await page.keyboard.press("Shift+Enter");
  assert.equal((await address(page)).get("s"), `0.${found[0]}`);
  assert.equal((await address(page)).get("q"), "requestvote");
});

test("the table opens where the lanes would", async () => {
  const page = await browser.open(url, { hash: `#main=table&s=0.${violation.event}` });
  await settle(page);
  const [row, grid] = [await page.locator("[aria-selected=true][role=row]").boundingBox(), await page.locator("[role=grid]").boundingBox()];
  assert.ok(row.y > grid.y && row.y + row.height < grid.y + grid.height);
});

test("the table has few rows in the document, and all events by scrolling", async () => {
  const page = await browser.open(url, { hash: "#main=table&routine=1" });
  assert.equal(await page.locator("[role=grid]").getAttribute("aria-rowcount"), String(trace.count + 1));
  assert.ok((await page.locator("#table .rows [role=row]").count()) < 80);
  await page.locator("[role=grid]").focus();
  await page.keyboard.press("Home");
  await settle(page);
  assert.ok((await page.locator("#row-0").textContent()).includes(trace.kindOf(0)));
  await page.keyboard.press("End");
  await settle(page);
  const last = page.locator(`#row-${trace.count - 1}`);
  assert.equal(await last.getAttribute("aria-rowindex"), String(trace.count + 1));
  await page.keyboard.press("Enter");
  assert.equal((await address(page)).get("s"), `0.${trace.count - 1}`);
  assert.equal(await last.getAttribute("aria-selected"), "true");
  assert.deepEqual(page.complaints, []);
});

test("exports are an SVG that parses and a PNG", async () => {
  const page = await browser.open(url, { hash: `#s=0.${violation.event}` });
  const saved = async (name) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name, exact: true }).click()]);
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
  };
  const svg = await saved("SVG");
  assert.equal(svg.name, "shaketable-raft-seed-17.svg");
  const root = await page.evaluate((text) => {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    return { error: parsed.querySelector("parsererror")?.textContent, texts: [...parsed.querySelectorAll("text")].map((t) => t.textContent), paths: parsed.querySelectorAll("path").length };
  }, svg.bytes.toString());
  assert.equal(root.error, undefined);
  for (const words of ["n1", "c4", "world", "linearizability violated"]) assert.ok(root.texts.includes(words), words);
  assert.ok(root.paths > 20);
  const png = await saved("PNG");
  assert.deepEqual([...png.bytes.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  assert.deepEqual(page.complaints, []);
});

test("the line and the link are copied", async () => {
  const page = await browser.open(url);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await page.locator("#copy-line").click();
  await page.locator("#copy-line", { hasText: "Copied" }).waitFor();
  assert.equal(await clipboard(), trace.run.reproduce);
  await page.keyboard.press("v");
  await page.keyboard.press("Y");
  await settle(page);
  assert.equal(await clipboard(), page.url());
});

test("nothing may reach the network", async () => {
  const page = await browser.open(url);
  const outcome = await page.evaluate(() => fetch("https://example.invalid/").then(() => "reached", (error) => String(error)));
  assert.notEqual(outcome, "reached");
  assert.ok(page.complaints.some((words) => words.includes("Content Security Policy")));
});

test("without scripts, or with spoilt data, it says so", async () => {
  const dead = await browser.open(url, { javaScriptEnabled: false });
  assert.ok(await dead.locator("noscript p").isVisible());
  const spoilt = await browser.open(browser.file("spoilt", "H4sIAAAA").url);
  assert.match(await spoilt.locator("#failure").textContent(), /This run cannot be shown. The data cannot be unpacked/);
  assert.equal(await spoilt.locator("#page").isVisible(), false);
});

test("a run of nothing at all can be looked at", async () => {
  const { run: full, columns } = encode(cluster);
  const empty = { ...full, end: 0, verdict: "inconclusive", violation: null, lanes: [], kinds: [], labels: [], details: [], faults: [], down: [], operations: [], properties: [] };
  const page = await browser.open(browser.file("empty", pack([{ run: empty, columns: Object.fromEntries(Object.keys(columns).map((name) => [name, []])) }])).url);
  assert.match(await page.locator(".verdict").textContent(), /Inconclusive/);
  for (const key of ["f", "n", "Enter", "ArrowDown", "2", "3", "4", "t", ".", "+", "d", "v"]) {
    await page.keyboard.press(key);
    await settle(page);
  }
  assert.deepEqual(page.complaints, []);
});

test("a violation that is of no event is gone to, too", async () => {
  const encoded = encode(cluster);
  encoded.run.violation = { ...encoded.run.violation, event: null, lane: null };
  const page = await browser.open(browser.file("eventless", pack([encoded])).url);
  await page.keyboard.press("f");
  await page.keyboard.press("v");
  const kept = await address(page);
  assert.deepEqual([kept.get("s"), kept.get("from"), kept.get("c")], [null, null, null], "where the page opened");
  assert.deepEqual(page.complaints, []);
});

test("a run without a violation opens at the whole", async () => {
  const pass = await browser.open(browser.file("pass", oneRun({ violates: false, events: 600 }).base64).url);
  assert.match(await pass.locator(".verdict").textContent(), /Pass/);
  assert.equal(await pass.getByRole("button", { name: "Violation" }).count(), 0);
  assert.deepEqual(pass.complaints, []);
  await pass.keyboard.press("v");
  await pass.keyboard.press("n");
  await settle(pass);
  assert.deepEqual(pass.complaints, []);
});

test("it prints on light paper", async () => {
  const page = await browser.open(url, { colorScheme: "dark" });
  const pdf = await page.pdf();
  assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  const corner = () => page.evaluate(() => document.querySelector("#lanes").getContext("2d").getImageData(2, 60, 1, 1).data[0]);
  assert.ok((await corner()) > 200);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.ok((await corner()) < 60);
});

test("two runs stand side by side where they diverge", async () => {
  const two = twoRuns();
  const page = await browser.open(browser.file("two", two.base64).url, { height: 900 });
  assert.deepEqual(await page.locator(".why p").allTextContents(), two.diverges.why);
  assert.equal(await page.locator(".name", { hasText: "n1" }).count(), 2);
  await page.keyboard.press("d");
  await page.keyboard.press("3");
  await settle(page);
  const [a, b] = two.clusters.map((c, i) => c.events[two.diverges.at[i]].time);
  assert.equal((await address(page)).get("c"), String(a));
  await browser.shot(page, "divergence");
  // The event of the other run at which they diverge stands at the same place.
  await page.goto(`${page.url().split("#")[0]}#s=1.${two.diverges.at[1]}`);
  await page.keyboard.press("[");
  await page.keyboard.press("]");
  assert.equal((await address(page)).get("c"), String(a));
  // Late in the runs the states differ, and the page must mark exactly the fields that do.
  const statesAt = (time) => two.clusters.map((c, i) => {
    const state = {};
    for (const event of c.events) if (event.lane === 1 && event.time <= (i === 0 ? time : time - (a - b))) Object.assign(state, event.changes);
    return state;
  });
  const late = two.clusters[0].events.map((event) => event.time).findLast((time) => {
    const [first, second] = statesAt(time);
    return first.commit !== second.commit;
  });
  await page.goto(`${page.url().split("#")[0]}#side=state&lane=0.1&c=${late}`);
  await settle(page);
  const [first, second] = statesAt(late);
  assert.deepEqual(await stateShown(page, 1), first);
  assert.deepEqual(await stateShown(page, 2), second);
  const differing = Object.keys(first).filter((field) => first[field] !== second[field]);
  assert.ok(differing.length > 0);
  assert.equal(await page.locator("table.state td.changed").count(), 2 * differing.length);
  await page.getByRole("tab", { name: "B: repaired" }).click();
  await settle(page);
  assert.equal(await page.locator(".name", { hasText: "n1" }).count(), 1);
  assert.match(await page.locator(".verdict").textContent(), /Pass/);
  assert.deepEqual(page.complaints, []);
});
