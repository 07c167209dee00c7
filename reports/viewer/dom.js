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

/**
 * A button that says what it does and which key does it too.
 * @param {string} words @param {string} title @param {() => void} act @param {Record<string, any>} more
 */
function button(words, title, act, more = {}) {
  return h("button", { type: "button", title, onclick: act, ...more }, words);
}

/** @param {string} title @param {(Node | string | null)[]} children */
function section(title, ...children) {
  return h("section", {}, h("h2", {}, title), ...children);
}

/** @param {(Node | string)[]} words */
function aside(...words) {
  return h("p", { class: "muted" }, ...words);
}

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

/** @param {string} id */
function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element ${id}.`);
  return element;
}

/** Says something to those who cannot see it. @param {string} words */
function announce(words) {
  byId("live").textContent = words;
}

/** @param {string} text @param {HTMLButtonElement} pressed */
async function copyText(text, pressed) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Some browsers give no clipboard to a file; a selection always works.
    const area = h("textarea", { class: "unseen" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    pressed.focus();
  }
  const words = pressed.dataset.words ?? pressed.textContent ?? "";
  pressed.dataset.words = words;
  pressed.textContent = "Copied";
  announce("Copied");
  setTimeout(() => (pressed.textContent = words), 1500);
}

/**
 * Tabs of which one is chosen: arrows move between them, as everywhere.
 * @template {string} T
 * @param {string} label @param {[T, string][]} tabs @param {(tab: T) => void} choose @param {string} panel the id of what they switch
 */
function tabList(label, tabs, choose, panel) {
  const buttons = tabs.map(([name, words]) =>
    h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": panel, onclick: () => choose(name) }, words));
  const list = h("div", { role: "tablist", "aria-label": label, class: "tabs" }, ...buttons);
  list.addEventListener("keydown", (key) => {
    const step = key.key === "ArrowRight" ? 1 : key.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    key.preventDefault();
    const at = buttons.findIndex((tab) => tab === document.activeElement);
    const next = (at + step + tabs.length) % tabs.length;
    choose(tabs[next][0]);
    buttons[next].focus();
  });
  return {
    list,
    /** @param {T} chosen */
    show(chosen) {
      buttons.forEach((tab, i) => {
        tab.setAttribute("aria-selected", String(tabs[i][0] === chosen));
        tab.tabIndex = tabs[i][0] === chosen ? 0 : -1;
      });
    },
  };
}

/**
 * A value of JSON as text, of which long parts can be folded away.
 * @param {unknown} value @param {string} name
 * @returns {HTMLElement}
 */
function jsonTree(value, name = "") {
  const key = name ? h("span", { class: "json-key" }, `${name}: `) : null;
  if (value === null || typeof value !== "object") {
    return h("div", { class: "json-leaf" }, key, h("span", { class: `json-${typeof value}` }, JSON.stringify(value)));
  }
  const entries = Object.entries(value);
  const text = JSON.stringify(value);
  if (text.length < 48) return h("div", { class: "json-leaf" }, key, text);
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  const folded = h("details", { open: text.length < 1500 }, h("summary", {}, key, size));
  const fill = () => {
    if (folded.open && folded.childElementCount === 1) folded.append(...entries.map(([k, v]) => jsonTree(v, k)));
  };
  folded.addEventListener("toggle", fill);
  fill();
  return folded;
}
