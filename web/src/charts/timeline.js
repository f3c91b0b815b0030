// timeline.js - the strip below the header: processor, GIL, memory, rate and losses over the
// whole window. Brushing it chooses the range that everything else shows.

import { Asker } from "../base/api.js";
import { h, fill } from "../base/dom.js";
import * as fmt from "../base/format.js";
import { RangeKeys } from "../base/rangekeys.js";
import { query, selection } from "../base/state.js";
import { hideTip, showTip } from "../views/popups.js";
import { Chart } from "./chart.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {Record<string, any>} Row */

/** A line may have words of its own for its values.
 * @type {{ id: string, title: string, lines: (import("./chart.js").Line & { value: (r: Row, i: number, ns: number) => number | null, text?: (v: number) => string })[], text: (v: number) => string, steps?: "bytes" | "whole" }[]} */
const PANELS = [
	{
		id: "cpu", title: "Processor and GIL", text: fmt.cpu,
		lines: [
			{ label: "CPU", color: "--cpu", area: true, value: (r, i) => r.cpu_cores[i] },
			{ label: "GIL held", color: "--gil", value: (r, i) => r.gil_share[i], text: (v) => fmt.several(v, "threads") },
			{ label: "waiting for GIL", color: "--gil-wait", value: (r, i) => r.gil_wait_share[i], text: (v) => fmt.several(v, "threads") },
		],
	},
	{
		id: "memory", title: "Resident memory", text: fmt.bytes, steps: "bytes",
		lines: [
			{ label: "RSS max", color: "--mem", faint: true, value: (r, i) => r.rss_max[i] },
			{ label: "RSS mean", color: "--mem", area: true, value: (r, i) => r.rss_mean[i] },
		],
	},
	{
		id: "threads", title: "Threads", text: (v) => fmt.count(v), steps: "whole",
		lines: [{ label: "threads", color: "--soft", draw: "step", value: (r, i) => r.threads[i] }],
	},
	{
		id: "rate", title: "Samples and losses", text: (v) => `${fmt.count(v)}/s`,
		lines: [
			{ label: "samples", color: "--accent", value: (r, i, ns) => per(r.samples[i], ns) },
			{ label: "lost or missed", color: "--bad", area: true, value: (r, i, ns) => per(plus(r.lost[i], r.missed[i]), ns) },
		],
	},
];

/** @param {number | null} n @param {number} ns */
const per = (n, ns) => (n === null ? null : n / (ns / 1e9));
/** @param {number | null} a @param {number | null} b */
const plus = (a, b) => (a === null && b === null ? null : (a ?? 0) + (b ?? 0));

export class Timeline {
	/** @param {App} app */
	constructor(app) {
		this.app = app;
		this.asker = new Asker();
		this.data = null;
		this.told = ""; // the chart that shows an event's tip
		/** @type {Map<string, Chart>} */
		this.charts = new Map();
		this.readout = h("div", { class: "tl-readout", "aria-live": "off" });
		this.buttons = h("div", { class: "tl-buttons" });
		this.body = h("div", {
			class: "tl-body", tabindex: "0", role: "application", "aria-roledescription": "time line",
			"aria-label": "Processor, GIL and memory over time. Left and right move a cursor, with Shift they stretch it, Enter selects, Escape clears.",
		});
		this.keyboard = new RangeKeys(this.body, {
			grid: () => this.data && { from: this.data.from_ms, step: this.data.bucket_ms, n: this.data.n_buckets },
			moves: { ArrowLeft: () => -1, ArrowRight: () => 1, PageDown: () => -10, PageUp: () => 10, Home: () => -Infinity, End: () => Infinity },
			chosen: () => selection(app.store),
			look: (range) => this.cursorAt(range),
			choose: (range) => (range ? this.brushed(...range) : app.store.set({ sel: null })),
		});
		this.element = h("section", { class: "timeline", "aria-label": "Timeline" },
			h("div", { class: "tl-head" }, this.readout, this.buttons, app.header.range), this.body);
		this.layout();
	}

	get panels() {
		return this.app.store.flag("charts") ? PANELS : PANELS.slice(0, 1);
	}

	/** Makes the panels that are wanted. */
	layout() {
		for (const chart of this.charts.values()) chart.destroy();
		this.charts.clear();
		const all = this.panels.map((panel, k) => {
			const box = h("div", { class: "tl-chart" });
			this.charts.set(panel.id, new Chart(box, {
				lines: panel.lines, text: panel.text, sync: "time", steps: panel.steps,
				height: k === this.panels.length - 1 ? 96 : 78,
				axis: k === this.panels.length - 1,
				brushed: (a, b) => this.brushed(a, b),
				cleared: () => this.app.store.set({ sel: null }),
				pointed: (i) => this.point(i),
				stretched: (a, b) => this.look(a, b),
				told: (e, x, y) => this.tell(panel.id, e, x, y),
			}));
			return h("div", { class: "tl-panel" }, this.panels.length > 1 && h("h3", { class: "tl-title" }, panel.title), box);
		});
		fill(this.body, all);
		this.drawButtons();
		if (this.data) this.draw();
	}

	drawButtons() {
		const { store } = this.app;
		const sel = selection(store);
		const button = (/** @type {string} */ label, /** @type {string} */ title, /** @type {() => void} */ act, on = false) =>
			h("button", { class: "button plain small", title, "data-key": label, onclick: act, "aria-pressed": on ? "true" : null }, label);
		fill(this.buttons,
			sel && h("span", { class: "tl-range" }, `${fmt.clock(sel[0], sel[1] - sel[0] < 10000 ? 2 : 0)} – ${fmt.clock(sel[1], sel[1] - sel[0] < 10000 ? 2 : 0)} · ${fmt.duration((sel[1] - sel[0]) * 1e6)}`),
			sel && button("Zoom in", "Make the selection the window (z)", () => this.zoomIn()),
			sel && button("Clear", "Show the whole window again (double click)", () => store.set({ sel: null })),
			button("Zoom out", "A window twice as wide (Z)", () => this.zoomOut()),
			button(store.flag("charts") ? "Less" : "More charts", "Memory, threads, samples and losses", () => store.set({ charts: store.flag("charts") ? null : "1" }, { replace: true }), store.flag("charts")));
	}

	/** @param {number} a @param {number} b */
	brushed(a, b) {
		this.app.store.set({ sel: `${Math.round(a * 1000) / 1000}~${Math.round(b * 1000) / 1000}` });
	}

	zoomIn() {
		const sel = selection(this.app.store);
		if (sel) this.app.store.set({ from: fmt.timeParam(sel[0]), until: fmt.timeParam(sel[1]), sel: null });
	}

	zoomOut() {
		const w = this.window();
		if (!w) return;
		const half = (w[1] - w[0]) / 2;
		this.look(w[0] - half, w[1] + half);
	}

	/** Makes another stretch the window, within what was recorded. @param {number} a @param {number} b ms */
	look(a, b) {
		const first = this.app.status?.from_ms ?? 0;
		this.app.store.set({ from: fmt.timeParam(Math.max(first, a)), until: fmt.timeParam(Math.min(b, Date.now())), sel: null });
	}

	/** What happened at the pointer, said by the chart that is pointed at.
	 * @param {string} id @param {import("./chart.js").Event | null} event @param {number} x @param {number} y */
	tell(id, event, x, y) {
		if (!event && this.told !== id) return;
		this.told = event ? id : "";
		if (!event) return hideTip();
		const t = this.app.targets.find((p) => p.series === event.series);
		showTip([
			h("div", { class: "name" }, `${event.kind}${t ? ` ${t.pid}` : ""}`),
			event.text && h("div", null, event.text),
			h("div", { class: "soft" }, [fmt.dateTime(event.time_ms), t && fmt.shortCommand(t.labels.command ?? "")].filter(Boolean).join(" · ")),
		], x, y);
	}

	/** @returns {[number, number] | null} what the charts show, ms */
	window() {
		const d = this.data;
		return d ? [d.from_ms, d.from_ms + d.n_buckets * d.bucket_ms] : null;
	}

	/** Buckets of fewer than ten ticks would show chance: how many of that width there are. */
	finest() {
		const w = this.window();
		const hz = Math.max(1, ...this.app.targets.map((t) => Number(t.labels.rate) || 100));
		return w ? Math.ceil((w[1] - w[0]) / 1000 / (10 / hz)) : 600;
	}

	async refresh() {
		const width = Math.max(120, Math.min(1500, this.element.clientWidth || 800));
		const extra = { max_buckets: Math.max(10, Math.min(Math.round(width / 2.5), this.finest())) };
		const answer = await this.asker.ask("timeline", query(this.app.store, { window: true, extra }));
		if (!answer) return;
		this.data = answer;
		this.draw();
	}

	draw() {
		const d = /** @type {any} */ (this.data), row = d.rows[0];
		const times = Array.from({ length: d.n_buckets }, (_, i) => d.from_ms + (i + 0.5) * d.bucket_ms);
		for (const panel of this.panels) {
			const lines = panel.lines.map((line) => times.map((_, i) => line.value(row, i, d.bucket_ms * 1e6)));
			const chart = this.charts.get(panel.id);
			chart?.setData([times, ...lines], this.app.events);
		}
		this.mark();
		this.point(null);
		this.app.shares(this.sums());
	}

	/** Thread-time by state within the selection. */
	sums() {
		const d = /** @type {any} */ (this.data), row = d.rows[0], sel = selection(this.app.store);
		/** @type {Record<string, number>} */
		const out = { thread: 0, cpu: 0, gil: 0, gil_wait: 0, idle: 0, gc: 0, samples: 0, lost: 0, missed: 0, wanted: 0 };
		for (let i = 0; i < d.n_buckets; i++) {
			const t = d.from_ms + (i + 0.5) * d.bucket_ms;
			if (sel && (t < sel[0] || t > sel[1])) continue;
			for (const key of Object.keys(out)) out[key] += (row[`${key}_ns`] ?? row[key])[i] ?? 0;
		}
		return out;
	}

	/** Marks what the keyboard's cursor covers, or the selection. */
	mark() {
		for (const chart of this.charts.values()) chart.setBrush(this.keyboard.range ?? selection(this.app.store));
	}

	/** The keyboard's cursor moved: in the readout and in words. @param {[number, number] | null} range */
	cursorAt(range) {
		this.mark();
		this.point(null);
		return range ? `${fmt.clock(range[0], 2)} to ${fmt.clock(range[1], 2)}. At ${[...this.readout.children].map((c) => c.textContent).join(", ")}` : "";
	}

	brushChanged() {
		this.mark();
		this.drawButtons();
		if (this.data) this.app.shares(this.sums());
	}

	retheme() {
		for (const chart of this.charts.values()) if (chart.plot) chart.build();
	}

	/** What the charts say at the pointer, at the keyboard's cursor, or the newest. @param {number | null} index */
	point(index) {
		const d = this.data;
		if (!d) return;
		const row = d.rows[0];
		const cursor = this.keyboard.ends?.[1];
		let i = index ?? d.n_buckets - 1;
		if (index === null && cursor !== undefined) i = Math.max(0, Math.min(i, Math.round((cursor - d.from_ms) / d.bucket_ms)));
		else if (index === null) while (i > 0 && (row.ticks[i] === null || row.cpu_cores[i] === null)) i--;
		const at = d.from_ms + (i + 0.5) * d.bucket_ms;
		const items = this.panels.flatMap((panel) => panel.lines.map((line) => {
			const v = line.value(row, i, d.bucket_ms * 1e6);
			return h("span", { class: "tl-item" },
				h("i", { class: `dot c${line.color}` }), line.label, " ", h("b", null, v === null || v === undefined ? "–" : (line.text ?? panel.text)(v)));
		}));
		fill(this.readout, h("span", { class: "tl-time" }, fmt.clock(at, d.bucket_ms < 1000 ? 2 : 0)), items);
	}
}
