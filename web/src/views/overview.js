// overview.js - every process with data in the window: what it does now, and where to click.

import { fill, h } from "../base/dom.js";
import * as fmt from "../base/format.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Target} Target */

export class Overview {
	/** @param {App} app */
	constructor(app) {
		this.app = app;
		this.search = h("input", {
			class: "field", type: "search", placeholder: "Search command, pid, label", "aria-label": "Search processes", spellcheck: "false",
			oninput: () => app.store.set({ p: this.search.value || null }, { replace: true }),
		});
		this.group = h("select", { class: "field", "aria-label": "Group by label", onchange: () => app.store.set({ by_label: this.group.value }, { replace: true }) });
		this.ended = h("button", { class: "button", onclick: () => app.store.set({ ended: app.store.flag("ended") ? null : "1" }, { replace: true }) }, "Ended too");
		this.note = h("span", { class: "faint" });
		this.list = h("div", { class: "targets" });
		this.element = h("div", { class: "overview" },
			h("div", { class: "flame-bar" }, h("div", { class: "search" }, this.search), this.group, this.ended, h("span", { class: "spring" }), this.note),
			this.list);
	}

	/** The app has just asked for the targets. */
	async refresh() {
		await this.app.targetsAsked;
		this.draw();
	}

	changed() {
		this.draw();
	}

	draw() {
		const { store, targets } = this.app;
		const q = store.get("p").toLowerCase(), by = store.get("by_label", targets.some((t) => t.labels.service) ? "service" : "command");
		if (document.activeElement !== this.search) this.search.value = store.get("p");
		const labels = [...new Set(["command", "service", "host", ...targets.flatMap((t) => Object.keys(t.labels))])].filter((l) => !["pid", "start", "rate"].includes(l));
		fill(this.group, h("option", { value: "none", selected: by === "none" }, "no groups"), labels.map((l) => h("option", { value: l, selected: l === by }, `by ${l}`)));
		const living = targets.filter((t) => !t.ended).length;
		const showEnded = store.flag("ended") || living === 0;
		this.ended.setAttribute("aria-pressed", String(showEnded));
		const shown = targets.filter((t) => (showEnded || !t.ended) && (!q || `${t.pid} ${Object.values(t.labels).join(" ")}`.toLowerCase().includes(q)));
		this.note.textContent = `${living} living, ${targets.length - living} ended in this window`;
		fill(this.list, targets.length === 0 ? this.nobody() : this.groups(shown, by));
	}

	nobody() {
		const can = this.app.status?.can_attach;
		return h("div", { class: "empty" }, h("b", null, "Nothing was recorded in this window"),
			h("span", null, can ? "Attach to a process, or choose a longer window." : "Choose a longer window."),
			h("div", null, can && h("button", { class: "button main", onclick: () => this.app.store.set({ view: "attach" }) }, "Attach to a process"), " ",
				h("button", { class: "button", onclick: () => this.app.store.set({ from: "start", until: null, sel: null }) }, "Show everything")));
	}

	/** @param {Target[]} shown @param {string} by */
	groups(shown, by) {
		/** @type {Map<string, Target[]>} */
		const groups = new Map();
		for (const t of shown) {
			const key = by === "none" ? "" : t.labels[by] ?? "";
			groups.set(key, [...(groups.get(key) ?? []), t]);
		}
		const head = h("div", { class: "target head", "aria-hidden": "true" }, ["", "Process", "CPU", "", "GIL held", "Waiting for GIL", "Memory", "Threads", "Rate", "Lost"].map((t, k) =>
			h("div", { class: k > 3 || k === 2 ? "num" : null }, t)));
		const cpu = (/** @type {Target[]} */ list) => list.reduce((n, t) => n + (t.ended ? 0 : t.cpu_cores ?? 0), 0);
		const order = by === "command" ? (/** @type {any} */ a, /** @type {any} */ b) => cpu(b[1]) - cpu(a[1]) : (/** @type {any} */ a, /** @type {any} */ b) => (a[0] < b[0] ? -1 : 1);
		return [head, ...[...groups].sort(order).map(([name, list]) => this.groupOf(name, list, by))];
	}

	/** @param {string} name @param {Target[]} list @param {string} by */
	groupOf(name, list, by) {
		const sum = (/** @type {string} */ key) => list.reduce((n, t) => n + (t.ended ? 0 : t[key] ?? 0), 0);
		list.sort((a, b) => Number(a.ended) - Number(b.ended) || (b.cpu_cores ?? 0) - (a.cpu_cores ?? 0));
		return h("section", { class: "target-group" },
			by !== "none" && (by !== "command" || list.length > 1) && h("button", {
				class: "group-head", "data-key": `group ${name}`, title: "Open all of them together",
				onclick: () => this.app.store.set({ view: "flame", label: name ? `${by}=${name}` : null, series: null, pid: null }),
			}, h("b", { class: "cut" }, (by === "command" ? fmt.shortCommand(name) : name) || `no ${by}`), h("span", { class: "soft" }, `${list.length} process${list.length === 1 ? "" : "es"}`),
			h("span", { class: "soft" }, "CPU ", h("b", null, fmt.cpu(sum("cpu_cores")))), h("span", { class: "soft" }, "memory ", h("b", null, fmt.bytes(sum("rss"))))),
			list.map((t) => this.row(t)));
	}

	/** @param {Target} t */
	row(t) {
		const { store } = this.app;
		const open = () => store.set({ view: "flame", series: String(t.series), pid: null, label: null, thread: null, zoom: null });
		const why = t.labels.container || t.labels.build || "";
		const said = `${fmt.shortCommand(t.labels.command ?? "?")}, process ${t.pid}${t.ended ? ", ended" : ""}: CPU ${fmt.cpu(t.cpu_cores ?? NaN)}, GIL held ${fmt.percent(t.gil_share ?? NaN)}, memory ${fmt.bytes(t.rss ?? NaN)}, ${t.n_threads ?? "unknown"} threads`;
		return h("button", { class: t.ended ? "target ended" : "target", "data-key": `series ${t.series}`, "aria-label": said, onclick: open },
			h("div", { class: "num mono soft" }, t.pid),
			h("div", { class: "target-name cut", title: t.labels.command ?? "" }, h("span", { class: "cut" }, fmt.shortCommand(t.labels.command ?? "?")),
				h("small", { class: "faint" }, `Python ${t.labels.python ?? "?"}${why ? ` · ${why}` : ""}${t.ended ? ` · ended ${fmt.dateTime(t.last_ms)}` : ""}`)),
			h("div", { class: "num" }, h("b", null, fmt.cpu(t.cpu_cores ?? NaN))),
			sparkline(t.spark ?? []),
			this.pressure(t.gil_share, "gil"), this.pressure(t.gil_wait, "gil-wait"),
			h("div", { class: "num" }, fmt.bytes(t.rss ?? NaN)),
			h("div", { class: "num" }, t.n_threads ?? "–"),
			h("div", { class: "num soft" }, fmt.rate(t.rate_hz ?? NaN)),
			h("div", { class: `num ${t.lost > 0.01 ? "warn" : "faint"}` }, fmt.percent(t.lost ?? 0)));
	}

	/** Of several threads at once more than all: without a GIL (free-threaded) those that are attached.
	 * @param {number} share @param {string} kind */
	pressure(share, kind) {
		const words = share > 1.005 ? fmt.several(share, "threads") : fmt.percent(share ?? NaN);
		const bar = h("i", { class: `share c--${kind}` });
		bar.style.width = `${Math.min(100, (share || 0) * 100)}%`;
		return h("div", { class: "bar" }, bar, h("span", { class: "bar-text" }, h("span", null, words)));
	}
}

const NS = "http://www.w3.org/2000/svg";

/** Processor use over the window; gaps stay gaps. @param {(number | null)[]} values */
export function sparkline(values) {
	const svg = document.createElementNS(NS, "svg");
	svg.setAttribute("class", "spark");
	svg.setAttribute("viewBox", `0 0 ${Math.max(1, values.length - 1)} 20`);
	svg.setAttribute("preserveAspectRatio", "none");
	svg.setAttribute("aria-hidden", "true");
	const top = Math.max(0.1, ...values.map((v) => v ?? 0));
	let line = "", area = "", start = -1;
	values.forEach((v, i) => {
		if (v === null) return;
		const y = (19 - (v / top) * 18).toFixed(1);
		const begins = i === 0 || values[i - 1] === null;
		if (begins) start = i;
		line += `${begins ? "M" : "L"}${i} ${y}`;
		area += `${begins ? `M${i} 20L` : "L"}${i} ${y}`;
		if (i === values.length - 1 || values[i + 1] === null) area += `L${i} 20L${start} 20Z`;
	});
	for (const [d, cls] of [[area, "spark-area"], [line, "spark-line"]]) {
		const path = document.createElementNS(NS, "path");
		path.setAttribute("d", d || "M0 20");
		path.setAttribute("class", cls);
		svg.append(path);
	}
	return svg;
}
