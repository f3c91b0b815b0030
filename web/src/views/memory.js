// memory.js - resident memory as it was read, what ran at each reading, and the flame graph
// of growth for the brushed range. The overview chart keeps its zoom.

import { Asker } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import * as fmt from "../base/format.js";
import { query, selection } from "../base/state.js";
import { Chart } from "../charts/chart.js";
import { bin, common } from "./memory-bins.js";
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
			text: fmt.bytes, steps: "bytes", sync: "time", height: 190, axis: true,
			brushed: (a, b) => app.store.set({ sel: `${Math.round(a)}~${Math.round(b)}` }),
			cleared: () => app.store.set({ sel: null }),
			pointed: (i) => this.point(i),
			stretched: (a, b) => app.timeline.look(a, b),
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
		const first = Math.min(...p.time_ms), last = Math.max(...p.time_ms) + 1;
		const [from, until] = this.app.timeline.window() ?? [first, last]; // the same as the strip above
		const spacing = (last - first) / (n / new Set(p.series).size);
		const count = Math.max(2, Math.min(Math.floor((until - from) / spacing), Math.floor((this.box.clientWidth || 800) / 3)));
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
