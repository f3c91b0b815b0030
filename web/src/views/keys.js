// keys.js - the keyboard, in one table that is also the help.

import { h } from "../base/dom.js";
import { closeMenu, hideTip, showDialog } from "./popups.js";
import { VIEWS } from "./list.js";

/** @typedef {import("../app.js").App} App */

/** Key, words, act; without act the flame graph handles it itself.
 * @type {[string, string, ((app: App) => void)?][]} */
const KEYS = [
	["1 … 8", "views, in the order of the tabs"],
	["/", "search", (app) => /** @type {HTMLElement | null} */ (app.main.querySelector("input[type=search]"))?.focus()],
	["n", "next match", (app) => app.view?.keys?.n?.()],
	["N", "match before", (app) => app.view?.keys?.N?.()],
	["Space", "pause and go on"],
	["z", "make the selection the window", (app) => app.timeline.zoomIn()],
	["Z", "a window twice as wide", (app) => app.timeline.zoomOut()],
	["Escape", "close, clear search, reset zoom, clear selection"],
	["m", "only your own code", (app) => app.store.set({ mine: app.store.flag("mine") ? null : "1" })],
	["u", "time or samples", (app) => app.store.set({ unit: app.unit === "n" ? null : "samples" })],
	["t", "light or dark", (app) => app.toggleTheme()],
	["↑ ↓ ← →", "move in the graph, the table, the lanes, the heat map or the strip of time"],
	["Shift ↑ ↓ ← →", "stretch the cursor of the heat map or the strip"],
	["Enter", "zoom on the chosen frame; select what the cursor covers"],
	["Backspace", "zoom one step out"],
	["Home", "reset zoom; with End the ends of the heat map or the strip"],
	["+ −", "wider, narrower"],
	["i", "invert: leaves first", (app) => app.view?.keys?.i?.()],
	["f", "flame or icicle", (app) => app.view?.keys?.f?.()],
	["c", "next colouring", (app) => app.view?.keys?.c?.()],
	["s", "sandwich: callers and callees of the chosen frame", (app) => app.view?.keys?.s?.()],
	["o", "source of the chosen frame", (app) => app.view?.keys?.o?.()],
	["y", "copy name", (app) => app.view?.keys?.y?.()],
	["Y", "copy path", (app) => app.view?.keys?.Y?.()],
	["Shift F10", "menu of the chosen frame, row or lane"],
	["Ctrl wheel", "zoom at the pointer; drag moves"],
	["?", "this help", () => showHelp()],
];

export function showHelp() {
	if (document.querySelector("dialog[open]")) return;
	showDialog("Keyboard", h("dl", { class: "keys" }, KEYS.map(([key, words]) => [h("dt", null, h("kbd", null, key)), h("dd", null, words)])));
}

/** @param {App} app @param {KeyboardEvent} e */
export function handleKey(app, e) {
	const target = /** @type {HTMLElement} */ (e.target);
	const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
	if (e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]")) return;
	if (e.key === "Escape") return escape(app, target, typing);
	if (typing) return;
	if (/^[1-8]$/.test(e.key)) {
		const names = Object.keys(VIEWS).filter((n) => !VIEWS[n].hidden);
		app.store.set({ view: names[Number(e.key) - 1] ?? "overview" });
	} else if (e.key === " " && target.tagName !== "BUTTON" && target.tagName !== "A") {
		app.togglePause();
	} else {
		const row = KEYS.find(([key, , act]) => key === e.key && act);
		if (!row?.[2]) return;
		row[2](app);
	}
	e.preventDefault();
}

/** One thing at a time, from the nearest outwards.
 * @param {App} app @param {HTMLElement} target @param {boolean} typing */
function escape(app, target, typing) {
	hideTip();
	if (closeMenu()) return;
	if (typing) target.blur();
	const { store } = app;
	if (store.get("q")) store.set({ q: null }, { replace: true });
	else if (typing) return;
	else if (store.get("zoom")) store.set({ zoom: null });
	else if (store.get("fn")) store.set({ fn: null, fn_file: null, fn_line: null });
	else if (store.get("sel")) store.set({ sel: null });
}
