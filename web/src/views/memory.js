// memory.js - resident memory as it was read, what ran at each reading, and the flame graph
// of growth for the brushed range. The overview chart keeps its zoom.

import { Asker } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import * as fmt from "../base/format.js";
import { query, selection } from "../base/state.js";
import { Chart } from "../charts/chart.js";
import { SubFlame } from "./subflame.js";

/** @typedef {import("../app.js").App} App */

export class MemoryView {
	/** @param {App} app */
	constructor(app) {
		this.app = app;
		this.asker = new Asker();
		this.growthAsker = new Asker();
		/** @type {any} */
		this.data = null;
		/** @type {any} rows of the chart: index of the heaviest stack per bucket */
		this.buckets = [];
		this.box = h("div", { class: "mem-chart" });
		this.stack = h("div", { class: "mem-stack", "aria-live": "polite" });
		this.note = h("span", { class: "soft" });
		this.chart = new Chart(this.box, {
			lines: [
				{ label: "max", color: "--mem", faint: true },
				{ label: "mean", color: "--mem", area: true },
			],
			text: fmt.bytes, binary: true, sync: "time", height: 190, axis: true,
			brushed: (a, b) => app.store.set({ sel: `${Math.round(a)}~${Math.round(b)}` }),
			cleared: () => app.store.set({ sel: null }),
			pointed: (i) => this.point(i),
		});
		this.sub = new SubFlame(app, { value: fmt.bytes, unit: "n" });
		this.growthNote = h("span", { class: "soft" });
		this.element = h("div", { class: "memory" },
			h("div", { class: "flame-bar" }, h("b", null, "Resident memory"), this.note),
			this.box, this.stack,
			h("div", { class: "flame-bar" }, h("b", null, "What ran while it grew"), this.growthNote),
			this.sub.element);
		this.sub.look("module");
	}

	retheme() {
		this.sub.look("module");
		if (this.chart.plot) this.chart.build();
	}

	/** @param {string[]} keys */
	changed(keys) {
		if (keys.includes("sel")) this.chart.setBrush(selection(this.app.store));
	}

	async refresh() {
		const [points, growth] = await Promise.all([
			this.asker.ask("memory", query(this.app.store, { window: true, extra: { max_points: 4000 } })),
			this.growthAsker.ask("growth", query(this.app.store)),
		]);
		if (points) {
			this.data = points;
			this.draw();
		}
		if (growth) {
			this.sub.show(growth, "Memory did not grow in this range");
			const t = this.sub.flame.tree;
			this.growthNote.textContent = t ? `grew ${fmt.bytes(t.total[0])}, shrank ${fmt.bytes(growth.shrunk_bytes)}. Stacks that ran meanwhile, weighted by the rise: where to look, not who called malloc.` : "";
		}
	}

	/** Readings of all processes into equal buckets: mean and maximum, so that spikes survive. */
	draw() {
		const p = this.data.points, n = p.time_ms.length;
		if (!n) {
			this.chart.setData([[], [], []], []);
			fill(this.stack, h("span", { class: "soft" }, "No readings of memory in this window."));
			return;
		}
		const from = Math.min(...p.time_ms), until = Math.max(...p.time_ms) + 1;
		const count = Math.max(2, Math.min(n, Math.floor((this.box.clientWidth || 800) / 3)));
		const step = (until - from) / count;
		const buckets = bin(p, from, step, count);
		this.buckets = buckets;
		this.chart.setData([
			buckets.map((_, i) => from + (i + 0.5) * step),
			buckets.map((b) => b.max),
			buckets.map((b) => b.mean),
		], this.app.events);
		this.chart.setBrush(selection(this.app.store));
		this.note.textContent = `${fmt.count(n)} readings; the faint line is the maximum of each ${fmt.duration(step * 1e6)}`;
		this.point(null);
	}

	/** @param {number | null} i */
	point(i) {
		const b = i === null ? null : this.buckets[i];
		if (!b || b.max === null) {
			fill(this.stack, h("span", { class: "faint" }, "Point at the line to see what ran then; drag a range for its growth."));
			return;
		}
		fill(this.stack, h("b", null, fmt.bytes(b.max)), h("span", { class: "soft" }, " common: "), h("code", { class: "cut" }, common(b.stacks.map((/** @type {number} */ s) => this.data.stacks[s])) || "–"),
			h("span", { class: "soft" }, " most often: "), h("code", { class: "cut" }, leafOf(this.data.stacks[most(b.stacks)] ?? "–")));
	}

	hide() {
		this.asker.stop();
		this.growthAsker.stop();
	}
}

/**
 * Sums over processes what each read in a bucket; the last reading of a process counts on
 * through buckets in which it was not read, but not before its first or after its last.
 * @param {any} p @param {number} from @param {number} step @param {number} count
 */
export function bin(p, from, step, count) {
	const out = Array.from({ length: count }, () => ({ mean: /** @type {number | null} */ (null), max: /** @type {number | null} */ (null), stacks: /** @type {number[]} */ ([]) }));
	let k = 0;
	const n = p.time_ms.length;
	while (k < n) {
		const series = p.series[k];
		let last = -1, value = 0;
		/** @type {Map<number, { sum: number, n: number, max: number }>} */
		const mine = new Map();
		for (; k < n && p.series[k] === series; k++) {
			const i = Math.min(count - 1, Math.floor((p.time_ms[k] - from) / step));
			const m = mine.get(i) ?? { sum: 0, n: 0, max: 0 };
			m.sum += p.rss[k];
			m.n++;
			m.max = Math.max(m.max, p.rss[k]);
			mine.set(i, m);
			if (p.stack[k] >= 0) out[i].stacks.push(p.stack[k]);
			for (let j = last + 1; last >= 0 && j < i && i - last < 12; j++) add(out[j], value, value);
			last = i;
			value = p.rss[k];
		}
		for (const [i, m] of mine) add(out[i], m.sum / m.n, m.max);
	}
	return out;
}

/** @param {{ mean: number | null, max: number | null }} b @param {number} mean @param {number} max */
function add(b, mean, max) {
	b.mean = (b.mean ?? 0) + mean;
	b.max = (b.max ?? 0) + max;
}

/** The beginning that all folded stacks share. @param {string[]} stacks */
export function common(stacks) {
	if (!stacks.length) return "";
	let first = (stacks[0] ?? "").split(";");
	for (const s of stacks) {
		const parts = (s ?? "").split(";");
		let i = 0;
		while (i < first.length && first[i] === parts[i]) i++;
		first = first.slice(0, i);
	}
	return first.slice(-4).join(" › ");
}

/** @param {number[]} ids */
function most(ids) {
	/** @type {Map<number, number>} */
	const seen = new Map();
	for (const id of ids) seen.set(id, (seen.get(id) ?? 0) + 1);
	return [...seen].sort((a, b) => b[1] - a[1])[0]?.[0] ?? -1;
}

/** @param {string} stack */
function leafOf(stack) {
	return stack.split(";").slice(-3).join(" › ");
}
