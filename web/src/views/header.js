// header.js - name, tabs, range, live, export, theme, help.

import { copyText, fill, h, icon } from "../base/dom.js";
import * as fmt from "../base/format.js";
import { changed, query, serialize } from "../base/state.js";
import { showHelp } from "./keys.js";
import { VIEWS } from "./list.js";
import { showMenu } from "./popups.js";

/** @typedef {import("../app.js").App} App */

const PRESETS = ["-1min", "-5min", "-15min", "-1h", "-6h", "-24h", "-7d"];
const ICONS = {
	moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.500z",
	sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1",
	down: "M8 2v8M4.5 7 8 10.500 11.5 7M3 13.5h10",
	link: "M6.5 9.500l3-3M7 4.5l1.5-1.5a3 3 0 0 1 4.5 4.5L11.5 9M9 11.5 7.5 13A3 3 0 0 1 3 8.5L4.5 7",
	plus: "M8 3v10M3 8h10",
};

/** @type {Record<string, string>} */
const LIVE_WORDS = { live: "Live", lost: "Server lost", off: "Connecting" };

export class Header {
	/** @param {App} app */
	constructor(app) {
		this.app = app;
		this.shown = "";
		this.tabs = h("nav", { class: "tabs", "aria-label": "Views" });
		this.range = h("div", { class: "range" });
		this.liveButton = h("button", { class: "button live", onclick: () => app.togglePause() });
		this.tools = h("div", { class: "tools" });
		this.title = h("span", { class: "store-title cut" });
		this.element = h("header", { class: "top" },
			h("a", { class: "brand", href: "/", onclick: (/** @type {Event} */ e) => {
				e.preventDefault();
				app.store.set({ view: null, fn: null, fn_file: null, fn_line: null });
			} }, h("b", null, "pystrobe"), this.title),
			this.tabs, h("span", { class: "spring" }), this.tools);
		this.from = this.field("from", "from", "");
		this.until = this.field("until", "until", "now");
		this.presets = h("select", { class: "field", "aria-label": "Range", onchange: () => this.preset() });
		fill(this.range, this.presets, this.from, h("span", { class: "faint" }, "–"), this.until, this.liveButton);
	}

	/** @param {string} key @param {string} label @param {string} placeholder */
	field(key, label, placeholder) {
		return h("input", {
			class: "field time", "aria-label": label, placeholder, spellcheck: "false", autocomplete: "off",
			title: "-15min, 14:00, yesterday 14:00, 2026-11-21 14:00, start+30s, Unix seconds",
			onchange: (/** @type {Event} */ e) => {
				const value = /** @type {HTMLInputElement} */ (e.target).value.trim();
				this.app.store.set({ [key]: value === "now" ? null : value || null, sel: null });
			},
		});
	}

	preset() {
		const value = this.presets.value;
		if (value === "all") this.app.store.set({ from: "start", until: null, sel: null });
		else if (value) this.app.store.set({ from: value, until: null, sel: null });
	}

	draw() {
		const { app } = this, { store } = app;
		fill(this.tabs, Object.entries(VIEWS).filter(([name, v]) => !v.hidden || app.viewName === name).map(([name, v]) =>
			h("a", {
				class: "tab", href: serialize(changed(store.state, { view: name })), "data-key": name, "aria-current": app.viewName === name ? "page" : null,
				onclick: (/** @type {MouseEvent} */ e) => {
					if (e.ctrlKey || e.metaKey || e.shiftKey) return;
					e.preventDefault();
					store.set({ view: name });
				},
			}, v.title)));
		if (this.shown !== app.viewName) requestAnimationFrame(() => this.tabs.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }));
		this.shown = app.viewName; // on a phone its tab may be out of sight
		this.title.textContent = app.status?.title ?? "";
		this.title.title = app.status?.title ?? "";
		const from = store.get("from", store.defaultFrom), until = store.get("until");
		if (document.activeElement !== this.from) this.from.value = readable(from);
		if (document.activeElement !== this.until) this.until.value = readable(until);
		const chosen = until ? "" : from === "start" ? "all" : from;
		fill(this.presets,
			!PRESETS.includes(chosen) && chosen !== "all" && h("option", { value: "", selected: true }, "custom"),
			PRESETS.map((p) => h("option", { value: p, selected: p === chosen }, `last ${p.slice(1)}`)),
			h("option", { value: "all", selected: chosen === "all" }, "everything"));
		this.drawTools();
	}

	drawTools() {
		const { app } = this;
		fill(this.tools,
			app.status?.can_attach && h("button", { class: "button square", "data-key": "attach", title: "Attach to a process", "aria-label": "Attach to a process", onclick: () => app.store.set({ view: "attach" }) }, icon(ICONS.plus)),
			h("button", { class: "button", "data-key": "export", "aria-label": "Export the selection", "aria-haspopup": "menu", title: "Export the selection", onclick: (/** @type {MouseEvent} */ e) => this.exports(e) }, icon(ICONS.down), h("span", { class: "wide" }, "Export")),
			h("button", { class: "button square", "data-key": "link", title: "Copy a link to this view", "aria-label": "Copy a link to this view", onclick: () => this.link() }, icon(ICONS.link)),
			h("button", { class: "button square", "data-key": "theme", title: "Light or dark", "aria-label": "Light or dark", onclick: () => app.toggleTheme() }, icon(app.dark ? ICONS.sun : ICONS.moon)),
			h("button", { class: "button square", "data-key": "help", title: "Keyboard (?)", "aria-label": "Keyboard and help", onclick: () => showHelp() }, "?"));
	}

	/** @param {string} state @param {string} words */
	drawLive(state, words) {
		this.liveButton.dataset.state = state;
		this.liveButton.title = state === "live" ? "Updating every second. Pause (space)" : "Follow the newest data (space)";
		this.liveButton.setAttribute("aria-pressed", state === "live" ? "true" : "false");
		fill(this.liveButton, h("span", { class: `live-dot ${state}` }), LIVE_WORDS[state] ?? words);
	}

	/** A link that still shows the same time tomorrow. */
	async link() {
		const { app } = this, w = app.timeline.window();
		const url = new URL(location.href);
		if (w && app.follows) {
			url.searchParams.set("from", fmt.timeParam(w[0]));
			url.searchParams.set("until", fmt.timeParam(w[1]));
		}
		app.copied("a link to this view", await copyText(url.href));
	}

	/** @param {MouseEvent} e */
	exports(e) {
		const { app } = this;
		const box = /** @type {Element} */ (e.currentTarget).getBoundingClientRect();
		const formats = app.status?.formats ?? [];
		showMenu("Export the selection as", formats.map((/** @type {any} */ f) => ({
			label: f.title,
			keys: f.endings.split(" ")[0],
			act: () => download(app, f.name),
		})), box.right - 330, box.bottom + 4);
	}
}

/** Unix seconds as a date, anything else as it is. @param {string} text */
function readable(text) {
	return /^\d{9,}(\.\d+)?$/.test(text) ? fmt.dateTime(Number(text) * 1000) : text;
}

/** @param {App} app @param {string} format */
export function download(app, format) {
	const extra = { format, weight: app.unit === "n" ? "samples" : "time" };
	h("a", { href: `/api/v1/export?${query(app.store, { extra })}`, download: "" }).click();
}
