// heat.js - a column per second, rows within the second: what repeats or stalls within a
// second shows as a pattern. A patch that is dragged out gives its flame graph.

import { Asker } from "../base/api.js";
import { h } from "../base/dom.js";
import * as fmt from "../base/format.js";
import { RangeKeys } from "../base/rangekeys.js";
import { query } from "../base/state.js";
import { oklch } from "../flame/color.js";
import { hideTip, showTip } from "./popups.js";
import { SubFlame } from "./subflame.js";

/** @typedef {import("../app.js").App} App */

/** Room for the axes, as in the charts above: seconds lie below the same times. */
const LEFT = 62, RIGHT = 12, TOP = 6, BELOW = 20;

/** @type {Record<string, string>} */
const ACTIVITY = { cpu: "On CPU", gil: "Holding the GIL", "gil-wait": "Waiting for the GIL", idle: "Blocked", gc: "Collecting garbage", all: "All thread time" };

export class HeatView {
	/** @param {App} app */
	constructor(app) {
		this.app = app;
		this.asker = new Asker();
		this.patchAsker = new Asker();
		/** @type {any} */
		this.data = null;
		/** @type {[number, number] | null} ms */
		this.patch = null;
		this.canvas = h("canvas", {
			class: "heat-canvas", tabindex: "0", role: "application", "aria-roledescription": "heat map",
			"aria-label": "Heat map: seconds across, parts of a second upwards. Arrow keys move a cursor, with Shift they stretch it, Enter shows its flame graph, Escape clears.",
		});
		this.box = h("div", { class: "heat-box" }, this.canvas);
		this.title = h("b");
		this.note = h("span", { class: "soft" });
		this.clear = h("button", { class: "button", hidden: true, onclick: () => app.store.set({ sel: null, patch: null }) }, "Clear patch");
		this.sub = new SubFlame(app, { value: (v) => app.value(v) });
		this.element = h("div", { class: "heat" },
			h("div", { class: "flame-bar" }, this.title, this.note, h("span", { class: "spring" }), this.clear),
			this.box, this.sub.element);
		this.keyboard = new RangeKeys(this.canvas, {
			grid: () => this.data && { from: this.data.from_ms, step: this.data.column_ms / this.data.n_rows, n: this.data.n_columns * this.data.n_rows },
			moves: { ArrowUp: () => 1, ArrowDown: () => -1, ArrowRight: () => this.data.n_rows, ArrowLeft: () => -this.data.n_rows, Home: () => -Infinity, End: () => Infinity },
			chosen: () => this.patch,
			look: (range) => this.look(range),
			choose: (range) => app.store.set({ patch: range && range.join("~") }),
		});
		this.pointer();
		new ResizeObserver(() => this.draw()).observe(this.box);
		this.sub.look("module");
	}

	retheme() {
		this.sub.look("module");
		this.draw();
	}

	/** @param {string[]} keys */
	changed(keys) {
		if (keys.includes("unit")) this.refreshPatch();
		if (keys.includes("patch")) {
			this.readPatch();
			this.draw();
			this.refreshPatch();
		}
	}

	readPatch() {
		const [a, b] = this.app.store.get("patch").split("~").map(Number);
		this.patch = b > a ? [a, b] : null;
		this.clear.hidden = !this.patch;
	}

	async refresh() {
		this.readPatch();
		const width = Math.max(100, Math.floor((this.box.clientWidth || 900) / 4));
		const state = this.app.store.get("state", "cpu"); // with every state each second would look the same
		const answer = await this.asker.ask("heat", query(this.app.store, { extra: { max_columns: Math.min(1200, width), rows: 50, state } }));
		if (answer) {
			this.data = answer;
			this.draw();
		}
		await this.refreshPatch();
	}

	async refreshPatch() {
		const p = new URLSearchParams(query(this.app.store));
		if (this.patch) {
			p.set("from", (this.patch[0] / 1000).toFixed(6));
			p.set("until", (this.patch[1] / 1000).toFixed(6));
		}
		const answer = await this.patchAsker.ask("flamegraph", p.toString());
		if (answer) this.sub.show(answer, "Nothing ran in this patch");
	}

	draw() {
		const d = this.data, { w, hgt } = this.area();
		if (d && !d.n_columns) this.note.textContent = "No samples in this range.";
		if (!d || w < 10 || hgt < 10 || !d.n_columns) return;
		const ratio = devicePixelRatio || 1, c = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
		this.canvas.width = Math.round((w + LEFT + RIGHT) * ratio);
		this.canvas.height = Math.round((hgt + TOP + BELOW) * ratio);
		c.setTransform(ratio, 0, 0, ratio, 0, 0);
		this.axes(c, w, hgt);
		c.setTransform(ratio, 0, 0, ratio, LEFT * ratio, TOP * ratio);
		const { dark } = this.app, steps = Array.from({ length: 33 }, (_, k) => heatColor(k / 32, dark));
		const dx = w / d.n_columns, dy = hgt / d.n_rows, most = common(d.ns);
		c.fillStyle = steps[0];
		c.fillRect(0, 0, w, hgt);
		for (let i = 0; i < d.n_columns; i++)
			for (let j = 0; j < d.n_rows; j++) {
				const v = d.ns[i * d.n_rows + j];
				if (!v) continue;
				c.fillStyle = steps[Math.max(1, Math.min(32, Math.round(Math.sqrt(v / most) * 32)))];
				c.fillRect(i * dx, hgt - (j + 1) * dy, dx + 0.3, dy + 0.3);
			}
		this.drawPatch(c, w, hgt);
		this.title.textContent = `${ACTIVITY[this.app.store.get("state", "cpu")] ?? "Thread time"}, within each ${d.column_ms === 1000 ? "second" : fmt.duration(d.column_ms * 1e6)}`;
		this.note.textContent = `${d.n_columns} columns of ${fmt.duration(d.column_ms * 1e6)}, ${d.n_rows} rows of ${fmt.duration((d.column_ms * 1e6) / d.n_rows)}, time runs upwards`;
	}

	/** Of the cells. */
	area() {
		return { w: this.box.clientWidth - LEFT - RIGHT, hgt: this.box.clientHeight - TOP - BELOW };
	}

	/** Times below, parts of a column at the side. @param {CanvasRenderingContext2D} c @param {number} w @param {number} hgt */
	axes(c, w, hgt) {
		const d = this.data, span = d.n_columns * d.column_ms;
		c.fillStyle = this.app.dark ? "#808a9c" : "#646c7d";
		c.font = "11px ui-sans-serif, system-ui, sans-serif";
		c.textAlign = "right";
		for (const part of [0, 0.5, 1]) c.fillText(fmt.duration(part * d.column_ms * 1e6).replace("0 ns", "0"), LEFT - 8, TOP + (1 - part) * hgt + (part === 1 ? 9 : part ? 4 : 0));
		c.textAlign = "center";
		const step = STEPS.find((s) => (s / span) * w > 90) ?? span;
		for (let t = Math.ceil(d.from_ms / step) * step; t <= d.from_ms + span; t += step) {
			const x = LEFT + ((t - d.from_ms) / span) * w;
			if (x > LEFT + 24 && x < LEFT + w - 20) c.fillText(step >= 43200000 ? fmt.dateTime(t) : fmt.clock(t), x, TOP + hgt + 15);
		}
		c.textAlign = "left";
	}

	/** @param {CanvasRenderingContext2D} c @param {number} w @param {number} hgt */
	drawPatch(c, w, hgt) {
		const patch = this.keyboard.range ?? this.patch;
		if (!patch) return;
		const d = this.data, dx = w / d.n_columns, cell = d.column_ms / d.n_rows;
		const first = Math.round((patch[0] - d.from_ms) / cell), last = Math.round((patch[1] - d.from_ms) / cell);
		c.strokeStyle = this.app.dark ? "#ffffff" : "#14171d";
		c.lineWidth = 1.5;
		for (let i = Math.max(0, Math.floor(first / d.n_rows)); i < Math.min(d.n_columns, Math.ceil(last / d.n_rows)); i++) {
			const a = Math.max(first - i * d.n_rows, 0), b = Math.min(last - i * d.n_rows, d.n_rows);
			c.fillStyle = this.app.dark ? "rgb(255 255 255 / 22%)" : "rgb(20 25 60 / 18%)";
			c.fillRect(i * dx, hgt - (b / d.n_rows) * hgt, dx, ((b - a) / d.n_rows) * hgt);
		}
		const x0 = Math.floor(first / d.n_rows) * dx, x1 = Math.ceil(last / d.n_rows) * dx;
		c.strokeRect(x0 + 0.75, 0.75, x1 - x0 - 1.5, hgt - 1.5);
		if (!this.keyboard.ends) return;
		const at = Math.round((this.keyboard.ends[1] - d.from_ms) / cell), dy = hgt / d.n_rows; // the cursor's own cell
		c.strokeRect(Math.floor(at / d.n_rows) * dx, hgt - ((at % d.n_rows) + 1) * dy - 1, dx, dy + 2);
	}

	/** Shows the keyboard's cursor, and tells of its cells. @param {[number, number] | null} range */
	look(range) {
		this.draw();
		if (!range) return hideTip(), "";
		const d = this.data, cell = d.column_ms / d.n_rows, { w, hgt } = this.area();
		const first = Math.round((range[0] - d.from_ms) / cell), until = Math.round((range[1] - d.from_ms) / cell);
		const box = this.canvas.getBoundingClientRect(), last = until - 1;
		return this.tell(first, until, box.left + LEFT + ((Math.floor(last / d.n_rows) + 1) * w) / d.n_columns, box.top + TOP + hgt - ((last % d.n_rows) / d.n_rows) * hgt);
	}

	/** The tip of these cells, also as a sentence. @param {number} first @param {number} until @param {number} x @param {number} y */
	tell(first, until, x, y) {
		const d = this.data, cell = d.column_ms / d.n_rows;
		const ns = d.ns.slice(first, until).reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0);
		const time = fmt.clock(d.from_ms + first * cell, 3), words = `${fmt.duration(ns)} of thread time in ${fmt.duration((until - first) * cell * 1e6)}`;
		showTip([h("div", { class: "name" }, time), h("div", null, words)], x, y);
		return `${time}: ${words}`;
	}

	/** The cell under the pointer, counted in time order. @param {MouseEvent} e */
	cellAt(e) {
		const d = this.data, box = this.canvas.getBoundingClientRect();
		const { w, hgt } = this.area();
		const i = Math.min(d.n_columns - 1, Math.max(0, Math.floor(((e.clientX - box.left - LEFT) / w) * d.n_columns)));
		const j = Math.min(d.n_rows - 1, Math.max(0, Math.floor((1 - (e.clientY - box.top - TOP) / hgt) * d.n_rows)));
		return i * d.n_rows + j;
	}

	pointer() {
		let from = -1;
		const time = (/** @type {number} */ cell) => this.data.from_ms + (cell * this.data.column_ms) / this.data.n_rows;
		this.canvas.addEventListener("pointerdown", (e) => {
			if (!this.data) return;
			from = this.cellAt(e);
			this.canvas.setPointerCapture(e.pointerId);
		});
		this.canvas.addEventListener("pointermove", (e) => {
			if (!this.data) return;
			const cell = this.cellAt(e);
			if (from >= 0) {
				this.patch = [time(Math.min(from, cell)), time(Math.max(from, cell) + 1)];
				this.draw();
			}
			this.tell(cell, cell + 1, e.clientX, e.clientY);
		});
		this.canvas.addEventListener("pointerup", (e) => {
			if (from < 0 || !this.data) return;
			const cell = this.cellAt(e);
			this.app.store.set({ patch: `${time(Math.min(from, cell))}~${time(Math.max(from, cell) + 1)}` });
			from = -1;
		});
		this.canvas.addEventListener("pointerleave", () => hideTip());
	}

	hide() {
		this.keyboard.drop();
		hideTip();
		this.asker.stop();
		this.patchAsker.stop();
	}
}

/** What only a cell in a hundred has more of: a late tick must not pale all others.
 * @param {number[]} cells */
function common(cells) {
	const seen = Float64Array.from(cells.filter((v) => v > 0)).sort();
	return seen[Math.floor(seen.length * 0.99)] || 1;
}

/** Of the time axis, ms. */
const STEPS = [1e3, 2e3, 5e3, 1e4, 1.5e4, 3e4, 6e4, 1.2e5, 3e5, 6e5, 9e5, 1.8e6, 3.6e6, 7.2e6, 2.16e7, 4.32e7, 8.64e7, 1.728e8, 6.048e8];

/** @param {number} t 0..1 @param {boolean} dark */
export function heatColor(t, dark) {
	return dark ? oklch(0.19 + 0.62 * t, 0.02 + 0.14 * t, 300 - 240 * t) : oklch(0.975 - 0.53 * t, 0.005 + 0.16 * t, 95 - 80 * t);
}
