// filters.js - what narrows the answer, as chips that can be taken away; the state switch
// with shares; the process and thread pickers.

import { fill, h } from "../base/dom.js";
import * as fmt from "../base/format.js";
import { FILTERS } from "../base/state.js";

/** @typedef {import("../app.js").App} App */

const STATES = [
	["", "All", "thread"], ["cpu", "CPU", "cpu"], ["gil", "GIL", "gil"],
	["gil-wait", "GIL wait", "gil_wait"], ["idle", "Blocked", "idle"], ["gc", "GC", "gc"],
];

/** @type {Record<string, string>} */
const STATE_HELP = {
	"": "Every sample, whatever the thread was doing", cpu: "On a processor or ready to run", gil: "Holding the global interpreter lock",
	"gil-wait": "Wanting the global interpreter lock and not having it", idle: "Blocked in a system call", gc: "While garbage is collected",
};

export class FilterBar {
	/** @param {App} app */
	constructor(app) {
		this.app = app;
		this.states = h("div", { class: "group states", role: "group", "aria-label": "State" });
		this.chips = h("div", { class: "chips" });
		this.process = h("select", { class: "field pick", "aria-label": "Process", onchange: () => this.pickProcess() });
		this.thread = h("select", { class: "field pick", "aria-label": "Thread", onchange: () => app.store.set({ thread: this.thread.value || null }) });
		this.mine = h("button", { class: "button", title: "Fold library frames into your own code (m)", onclick: () => app.store.set({ mine: app.store.flag("mine") ? null : "1" }) }, "Only mine");
		this.unit = h("button", { class: "button", title: "Count time or samples (u)", onclick: () => app.store.set({ unit: app.unit === "n" ? null : "samples" }) });
		this.add = h("input", {
			class: "field add", placeholder: "Only stacks with…", "aria-label": "Only stacks that have a function like this, as a regex", spellcheck: "false",
			onchange: () => {
				app.store.set({ function: this.add.value.trim() || null });
				this.add.value = "";
			},
		});
		this.element = h("div", { class: "filters", role: "search", "aria-label": "Filters" },
			this.process, this.thread, this.states, this.mine, this.unit, this.chips, this.add);
		this.buttons = STATES.map(([word, title]) => {
			const shareText = h("small", null);
			const button = h("button", { class: "button", title: STATE_HELP[word], onclick: () => app.store.set({ state: word || null }) }, title, shareText);
			this.states.append(button);
			return { word, button, shareText };
		});
	}

	pickProcess() {
		const v = this.process.value;
		this.app.store.set({ series: v.startsWith("s") ? v.slice(1) : null, pid: null, label: v.startsWith("service=") ? v : null, thread: null });
	}

	draw() {
		const { store } = this.app;
		const state = store.get("state");
		for (const { word, button } of this.buttons) button.setAttribute("aria-pressed", state === word ? "true" : "false");
		this.mine.setAttribute("aria-pressed", store.flag("mine") ? "true" : "false");
		this.unit.textContent = this.app.unit === "n" ? "Samples" : "Time";
		if (document.activeElement !== this.process) this.drawProcesses();
		if (document.activeElement !== this.thread) this.drawThreads();
		this.drawChips();
	}

	drawProcesses() {
		const { targets, store } = this.app;
		const now = store.get("series"), pid = store.get("pid"), label = store.get("label");
		const services = [...new Set(targets.map((t) => t.labels.service).filter(Boolean))];
		fill(this.process,
			h("option", { value: "" }, targets.length ? `All ${targets.length} process${targets.length === 1 ? "" : "es"}` : "All processes"),
			services.length > 1 && h("optgroup", { label: "Services" }, services.map((s) =>
				h("option", { value: `service=${s}`, selected: label === `service=${s}` }, s))),
			h("optgroup", { label: "Processes" }, targets.map((t) =>
				h("option", { value: `s${t.series}`, selected: now === String(t.series) || pid === String(t.pid) },
					`${t.pid}  ${fmt.shortCommand(t.labels.command ?? "")}${t.ended ? "  (ended)" : ""}`))));
	}

	drawThreads() {
		const { targets, store } = this.app;
		const chosen = store.get("thread");
		const names = new Set(targets.filter((t) => this.app.shows(t.series)).flatMap((t) => t.threads.map((x) => x.name || String(x.tid))));
		if (chosen) names.add(chosen);
		fill(this.thread, h("option", { value: "" }, names.size ? `All ${names.size} thread${names.size === 1 ? "" : "s"}` : "All threads"),
			[...names].slice(0, 500).map((n) => h("option", { value: n, selected: n === chosen }, n)));
	}

	drawShares() {
		const s = this.app.sums, all = s.thread || 0;
		STATES.forEach(([, , key], k) => {
			this.buttons[k].shareText.textContent = k && all ? `${Math.round(((s[key] ?? 0) / all) * 100)} %` : "";
		});
	}

	drawChips() {
		const { store } = this.app;
		const shown = FILTERS.filter((k) => !["state", "mine", "series", "pid", "thread"].includes(k) && !(k === "label" && store.get("label").startsWith("service=")));
		fill(this.chips, shown.flatMap((key) => store.all(key).map((value) =>
			h("span", { class: "chip" }, h("span", { class: "soft" }, CHIP_WORDS[key] ?? key), " ", h("code", { class: "cut" }, value),
				h("button", { class: "chip-x", "aria-label": `Remove ${key} ${value}`, onclick: () => store.set({ [key]: store.all(key).filter((v) => v !== value) }) }, "×")))));
	}
}

/** @type {Record<string, string>} */
const CHIP_WORDS = { function: "with", hide: "without", root: "below", wait: "blocked in", label: "label", module: "module" };
