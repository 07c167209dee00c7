"use strict";
// Elements, and the few things that are done with them everywhere.

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, any>} properties attributes; `on…` are listeners
 * @param {(Node | string | null)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A button that does what a key does. @param {string} words @param {string} key @param {string} kind */
function act(words, key, kind = "") {
  return h("button", { type: "button", "data-act": key, "data-key": `act-${key}`, class: kind }, words);
}

/** @param {string} title @param {(Node | string | null)[]} children */
function section(title, ...children) {
  return h("section", {}, h("h2", {}, title), ...children);
}

/** @param {(Node | string)[]} words */
function aside(...words) {
  return h("p", { class: "muted" }, ...words);
}

/** @param {string} name @param {(Node | string)[]} values */
function fact(name, ...values) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, ...values));
}

/** @param {string} selector @param {ParentNode} within @returns {NodeListOf<HTMLElement>} */
const every = (selector, within) => within.querySelectorAll(selector);

/** The element with that attribute in which the event was. @param {Event} event @param {string} attribute @returns {HTMLElement | null} */
const around = (event, attribute) => event.target instanceof Element ? event.target.closest(`[${attribute}]`) : null;

/** A canvas's context, after giving it a size in CSS pixels. @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
function contextOf(canvas, width, height, ratio = devicePixelRatio || 1) {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser cannot draw.");
  context.scale(ratio, ratio);
  return context;
}

/** The one element of that selector, which the page has. @template {Element} [T=HTMLElement] @param {string} selector @param {ParentNode} within */
function one(selector, within = document) {
  const element = within.querySelector(selector);
  if (!element) throw new Error(`The page has no ${selector}.`);
  return /** @type {T} */ (element);
}

/** @param {string} words */
function announce(words) {
  one("#live").textContent = words;
}

/** @param {string} text @param {HTMLButtonElement} pressed */
async function copyText(text, pressed) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Some browsers give no clipboard to a file.
    prompt("Copy it from here:", text);
    return;
  }
  const words = (pressed.dataset.words ??= pressed.textContent ?? "");
  pressed.textContent = "Copied";
  announce("Copied");
  setTimeout(() => (pressed.textContent = words), 1500);
}

/**
 * Makes tabs of which one is chosen: arrows move between them, as everywhere.
 * @template {"runs" | "main" | "side"} K
 * @param {App} app @param {K} key what they choose @param {(tab: ViewState[K]) => void} choose
 * @returns a function that shows which is chosen
 */
function bindTabs(app, key, choose = (tab) => app.change(/** @type {Partial<ViewState>} */ ({ [key]: tab }))) {
  const list = one(`#${key}-tabs`);
  const tabs = /** @type {HTMLElement[]} */ ([...list.children]);
  const press = (/** @type {HTMLElement} */ tab) => choose(/** @type {ViewState[K]} */ (tab.dataset.tab));
  for (const tab of tabs) tab.onclick = () => press(tab);
  list.onkeydown = (pressed) => {
    const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[pressed.key];
    if (!step) return;
    pressed.preventDefault();
    const next = tabs[(tabs.findIndex((tab) => tab === document.activeElement) + step) % tabs.length];
    press(next);
    next.focus();
  };
  return () => {
    for (const tab of tabs) {
      const chosen = tab.dataset.tab === app.view[key];
      tab.ariaSelected = String(chosen);
      tab.tabIndex = chosen ? 0 : -1;
    }
  };
}

/** A value of JSON as text, of which long parts can be folded away. @param {unknown} value @param {string} name @returns {HTMLElement} */
function jsonTree(value, name = "") {
  const key = name ? h("span", { class: "json-key" }, `${name}: `) : null;
  const text = JSON.stringify(value);
  if (value === null || typeof value !== "object" || text.length < 48) return h("div", { class: "json-leaf" }, key, h("span", { class: `json-${typeof value}` }, text));
  const entries = Object.entries(value);
  return h("details", { open: text.length < 1500 }, h("summary", {}, key, `${entries.length} ${Array.isArray(value) ? "items" : "fields"}`), ...entries.map(([k, v]) => jsonTree(v, k)));
}
