// chart.js - a uPlot chart in the house style: theme colours, brush, gaps, events.

import uPlot from "uplot";
import { clock, dateTime } from "../base/format.js";
import { fingers } from "../base/touch.js";

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} color CSS custom property, "--cpu"
 * @property {boolean} [area]
 * @property {boolean} [faint]
 * @property {"step" | "line"} [draw]
 */

/**
 * @typedef {object} ChartOptions
 * @property {Line[]} lines
 * @property {(v: number) => string} text a value as people read it
 * @property {string} sync charts with the same word share their cursor
 * @property {(from: number, until: number) => void} [brushed] ms
 * @property {() => void} [cleared]
 * @property {(from: number, until: number) => void} [stretched] ms; two fingers chose another window
 * @property {(event: Event | null, x: number, y: number) => void} [told] the pointer is at an event
 * @property {(index: number | null) => void} [pointed]
 * @property {number} height
 * @property {boolean} [axis] show the time axis
 * @property {"bytes" | "whole"} [steps] of the scale: powers of two, whole numbers; else any
 */

/** @typedef {{ time_ms: number, kind: string, text: string, series: number }} Event */

const css = (/** @type {string} */ name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Chart {
	/** @param {HTMLElement} parent @param {ChartOptions} options */
	constructor(parent, options) {
		this.parent = parent;
		this.options = options;
		/** @type {uPlot | null} */
		this.plot = null;
		/** @type {Event[]} */
		this.events = [];
		/** @type {(number | null)[][]} */
		this.data = [[]];
		/** @type {[number, number] | null} */
		this.brush = null;
		new ResizeObserver(() => this.fit()).observe(parent);
	}

	/** Built again when the theme changes. */
	build() {
		this.plot?.destroy();
		const o = this.options;
		this.plot = new uPlot({
			width: Math.max(50, this.parent.clientWidth),
			height: o.height,
			padding: [8, 12, o.axis ? 0 : 4, 0],
			cursor: {
				sync: { key: o.sync, setSeries: false },
				drag: { x: true, y: false, setScale: false, dist: 4 },
				points: { size: 5 },
				y: false,
			},
			select: { show: true, left: 0, top: 0, width: 0, height: 0 },
			legend: { show: false },
			scales: { x: { time: false }, y: { range: (_u, _min, max) => [0, max > 0 ? max * 1.12 : 1] } },
			axes: [this.xAxis(), this.yAxis()],
			series: [{}, ...o.lines.map((line) => this.series(line))],
			hooks: {
				setSelect: [(u) => this.selected(u)],
				setCursor: [(u) => this.pointed(u)],
				draw: [(u) => this.drawEvents(u)],
			},
		}, /** @type {any} */ (this.data), this.parent);
		this.plot.over.addEventListener("dblclick", () => o.cleared?.());
		this.touch(this.plot);
		this.showBrush();
	}

	/** One finger brushes, two stretch. @param {uPlot} u */
	touch(u) {
		const o = this.options;
		/** @type {[number, number]} */
		let window = [0, 0];
		const span = () => /** @type {[number, number]} */ ([u.scales.x.min ?? 0, u.scales.x.max ?? 1]);
		const state = fingers(u.over, {
			span, left: () => 0, width: () => u.over.clientWidth,
			look: (min, max) => u.setScale("x", { min, max }),
			done: () => o.stretched?.(...span()),
		});
		let from = NaN;
		u.over.addEventListener("pointerdown", (e) => {
			from = e.pointerType === "touch" && e.isPrimary ? e.offsetX : NaN;
			window = span();
		});
		u.over.addEventListener("pointermove", (e) => {
			const [min, max] = span();
			if (Number.isNaN(from) || !state.moved || min !== window[0] || max !== window[1]) return;
			u.setSelect({ left: Math.min(from, e.offsetX), width: Math.abs(e.offsetX - from), top: 0, height: u.over.clientHeight }, false);
		});
		u.over.addEventListener("pointerup", (e) => {
			const [min, max] = span();
			if (!Number.isNaN(from) && state.moved && e.isPrimary && min === window[0] && max === window[1]) this.selected(u);
			from = NaN;
		});
	}

	/** @param {uPlot} u */
	pointed(u) {
		const { idx, left = -1 } = u.cursor;
		this.options.pointed?.(idx ?? null);
		const near = left < 0 ? undefined : this.events.find((e) => Math.abs(u.valToPos(e.time_ms, "x") - left) < 6);
		const box = near && u.over.getBoundingClientRect();
		if (near && box) this.options.told?.(near, box.left + left, box.top + 10);
		else this.options.told?.(null, 0, 0);
	}

	/** @returns {uPlot.Axis} */
	xAxis() {
		return {
			show: this.options.axis ?? false,
			size: 22, gap: 4, font: `11px ${css("--sans")}`,
			stroke: css("--faint"), grid: { stroke: css("--line"), width: 1 }, ticks: { show: false },
			space: 90,
			incrs: TIME_STEPS,
			values: (u, splits, _axis, _space, step) => {
				const digits = step < 10 ? 3 : step < 1000 ? 2 : 0, last = u.bbox.width / devicePixelRatio - 16;
				return splits.map((ms) => (u.valToPos(ms, "x") > last ? "" : step >= 43200000 ? dateTime(ms) : digits ? clock(ms, digits) : clock(ms)));
			},
		};
	}

	/** @returns {uPlot.Axis} */
	yAxis() {
		return {
			size: 62, gap: 6, font: `11px ${css("--sans")}`, space: 26,
			stroke: css("--faint"), grid: { stroke: css("--line"), width: 1 }, ticks: { show: false },
			values: (_u, splits) => splits.map((v) => this.options.text(v)),
			...(this.options.steps ? { incrs: STEPS[this.options.steps] } : {}),
		};
	}

	/** @param {Line} line @returns {uPlot.Series} */
	series(line) {
		const color = css(line.color);
		return {
			label: line.label,
			stroke: color,
			width: line.faint ? 1 : 1.5,
			fill: line.area ? `color-mix(in srgb, ${color} 16%, transparent)` : undefined,
			points: { show: this.lonelyPoints() },
			paths: line.draw === "step" ? uPlot.paths.stepped?.({ align: 1 }) : uPlot.paths.linear?.(),
			spanGaps: false,
		};
	}

	lonelyPoints() {
		return (this.data[0]?.length ?? 0) < 3;
	}

	/** @param {(number | null)[][]} data times in ms, then a row per line @param {Event[]} events */
	setData(data, events) {
		this.data = data;
		this.events = events;
		if (!this.plot) this.build();
		else {
			this.plot.setData(/** @type {any} */ (data));
			this.showBrush();
		}
	}

	/** @param {[number, number] | null} range ms */
	setBrush(range) {
		this.brush = range;
		this.showBrush();
	}

	showBrush() {
		const u = this.plot;
		if (!u || !u.data[0]?.length) return;
		const left = this.brush ? Math.max(0, u.valToPos(this.brush[0], "x")) : 0;
		const right = this.brush ? Math.min(u.over.clientWidth, u.valToPos(this.brush[1], "x")) : 0;
		u.setSelect({ left, width: Math.max(0, right - left), top: 0, height: u.over.clientHeight }, false);
	}

	/** @param {uPlot} u */
	selected(u) {
		if (u.select.width < 2) return;
		this.options.brushed?.(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
	}

	/** @param {uPlot} u */
	drawEvents(u) {
		const c = u.ctx, r = devicePixelRatio || 1;
		c.save();
		for (const e of this.events) {
			const x = u.valToPos(e.time_ms, "x", true);
			if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
			c.strokeStyle = c.fillStyle = css(EVENT_COLORS[e.kind] ?? "--faint");
			c.globalAlpha = 0.75;
			c.lineWidth = r;
			c.setLineDash([2 * r, 3 * r]);
			c.beginPath();
			c.moveTo(x, u.bbox.top);
			c.lineTo(x, u.bbox.top + u.bbox.height);
			c.stroke();
			c.beginPath();
			c.moveTo(x - 4 * r, u.bbox.top);
			c.lineTo(x + 4 * r, u.bbox.top);
			c.lineTo(x, u.bbox.top + 6 * r);
			c.fill();
		}
		c.restore();
	}

	fit() {
		if (this.plot && this.parent.clientWidth > 50 && this.parent.clientWidth !== this.plot.width) {
			this.plot.setSize({ width: this.parent.clientWidth, height: this.options.height });
			this.showBrush();
		}
	}

	destroy() {
		this.plot?.destroy();
		this.plot = null;
	}
}

/** @type {Record<string, string>} */
export const EVENT_COLORS = {
	start: "--good", attach: "--accent", exit: "--bad", exec: "--warn", detach: "--faint", lost: "--bad",
};

/** Steps of the time axis in ms. */
const TIME_STEPS = [
	1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000,
	600000, 900000, 1800000, 3600000, 7200000, 14400000, 21600000, 43200000, 86400000, 172800000,
	604800000, 2592000000,
];

const STEPS = {
	bytes: Array.from({ length: 44 }, (_, k) => 2 ** k),
	whole: Array.from({ length: 30 }, (_, k) => [1, 2, 5][k % 3] * 10 ** Math.floor(k / 3)),
};
