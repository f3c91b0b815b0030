// threads.js - a lane per thread in time order: state in colour above, function below. The
// GIL's hand-over is the line along the top. A click on a lane filters everything else.

import { Asker } from "../base/api.js";
import { copyText, fill, h, setText } from "../base/dom.js";
import * as fmt from "../base/format.js";
import { query } from "../base/state.js";
import { fingers } from "../base/touch.js";
import { Colors, packageOf } from "../flame/color.js";
import { textHash } from "../flame/tree.js";
import { hideTip, showMenu, showTip } from "./popups.js";
import { CPU, GIL, stateWord, WORDS } from "./states.js";

/** @typedef {import("../app.js").App} App */

const LANE = 38, STATE_H = 8, FUNC_H = 22, LEFT = 190, TOP = 34, MOST = 200;

export class ThreadsView {
	/** @param {App} app */
	constructor(app) {
		this.app = app;
		this.asker = new Asker();
		/** @type {any} */
		this.data = null;
		this.colors = new Colors(app.dark);
		this.canvas = h("canvas", { class: "flame-canvas" });
		this.spacer = h("div");
		this.scroller = h("div", { class: "flame lanes", tabindex: "0", role: "application", "aria-roledescription": "lanes",
			"aria-label": "A lane per thread. Up and down choose one, Enter opens its menu, left and right move in time. The Table view by thread has the same numbers." }, this.canvas, this.spacer);
		this.note = h("span", { class: "soft" });
		this.legend = h("div", { class: "legend" });
		this.voice = h("span", { class: "offscreen", role: "status" });
		this.chosen = ""; // the keyboard's lane
		this.element = h("div", { class: "threads" },
			h("div", { class: "flame-bar" }, h("b", null, "Threads in time order"), this.note, h("span", { class: "spring" }), this.legend),
			this.scroller, this.voice);
		this.v0 = 0;
		this.v1 = 1;
		this.frame = 0;
		this.pointer();
		this.scroller.addEventListener("scroll", () => this.redraw());
		new ResizeObserver(() => this.redraw()).observe(this.scroller);
		this.drawLegend();
	}

	retheme() {
		this.colors = new Colors(this.app.dark);
		this.drawLegend();
		this.redraw();
	}

	drawLegend() {
		fill(this.legend, Object.entries(WORDS).filter(([k]) => k !== "exc").map(([k, words]) => {
			const swatch = h("i", { class: "swatch" });
			swatch.style.background = this.colors.state(k).fill;
			return h("span", { class: "legend-item" }, swatch, words);
		}));
	}

	/** @param {boolean} live */
	async refresh(live) {
		const answer = await this.asker.ask("threads", query(this.app.store, { extra: { max_boxes: 40000, max_lanes: MOST } }));
		if (!answer) return;
		const whole = !this.data || (this.v0 === 0 && this.v1 === this.span);
		const shift = this.data && live ? (this.data.from_ms - answer.from_ms) * 1000 : 0;
		this.data = answer;
		if (whole) {
			this.v0 = 0;
			this.v1 = this.span;
		} else this.look(this.v0 + shift, this.v1 + shift);
		const n = answer.lanes.length;
		this.note.textContent = n === 0 ? "No samples in this range." : `${n === MOST ? `the ${MOST} most on CPU` : `${fmt.count(n)} thread${n === 1 ? "" : "s"}`}${answer.merged ? `; ${fmt.count(answer.merged)} runs are too short for this range and joined their neighbours` : ""}`;
		this.redraw();
	}

	get span() {
		return (this.data.until_ms - this.data.from_ms) * 1000;
	}

	/** @param {number} a @param {number} b microseconds */
	look(a, b) {
		const w = Math.min(Math.max(b - a, 1000), this.span);
		this.v0 = Math.min(Math.max(a, 0), this.span - w);
		this.v1 = this.v0 + w;
		this.redraw();
	}

	redraw() {
		if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
	}

	draw() {
		this.frame = 0;
		const d = this.data, w = this.scroller.clientWidth, hgt = this.scroller.clientHeight;
		if (!d || !w || !hgt) return;
		const ratio = devicePixelRatio || 1, c = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
		if (this.canvas.width !== Math.round(w * ratio) || this.canvas.height !== Math.round(hgt * ratio)) {
			this.canvas.width = Math.round(w * ratio);
			this.canvas.height = Math.round(hgt * ratio);
			this.canvas.style.width = `${w}px`;
			this.canvas.style.height = `${hgt}px`;
		}
		this.left = w < 600 ? 96 : LEFT;
		this.spacer.style.height = `${Math.max(0, TOP + d.lanes.length * LANE - hgt)}px`;
		c.setTransform(ratio, 0, 0, ratio, 0, 0);
		const ink = this.app.dark ? ["#14171e", "#e6e8ee", "#9fa7b7", "#242934"] : ["#ffffff", "#191c22", "#596172", "#e1e4ea"];
		c.fillStyle = ink[0];
		c.fillRect(0, 0, w, hgt);
		c.font = "12px ui-sans-serif, system-ui, sans-serif";
		c.textBaseline = "middle";
		const top = this.scroller.scrollTop;
		const first = Math.max(0, Math.floor((top - TOP) / LANE)), last = Math.min(d.lanes.length, Math.ceil((top + hgt) / LANE));
		for (let k = first; k < last; k++) this.lane(c, k, TOP + k * LANE - top, w, ink);
		this.axis(c, w, ink);
	}

	/** @param {CanvasRenderingContext2D} c @param {number} w @param {string[]} ink */
	axis(c, w, ink) {
		const d = this.data, left = this.left ?? LEFT;
		c.fillStyle = ink[0];
		c.fillRect(0, 0, w, TOP - 4);
		const scale = (w - left) / (this.v1 - this.v0);
		this.owners(c, w, scale);
		const step = [1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 3e7, 6e7, 3e8, 6e8, 1.8e9, 3.6e9, 2.16e10, 8.64e10].find((s) => s * scale > 110) ?? 8.64e10;
		const base = d.from_ms * 1000;
		for (let t = Math.ceil((base + this.v0) / step) * step; t < base + this.v1; t += step) {
			const x = left + (t - base - this.v0) * scale;
			c.fillStyle = ink[3];
			c.fillRect(x, 18, 1, 9999);
			c.fillStyle = ink[2];
			c.fillText(fmt.clock(t / 1000, step < 1e4 ? 3 : step < 1e6 ? 2 : 0), x + 4, 9);
		}
	}

	/** Who holds the GIL, in each lane's own colour: one glance shows the hand-over.
	 * @param {CanvasRenderingContext2D} c @param {number} w @param {number} scale */
	owners(c, w, scale) {
		const d = this.data, left = this.left ?? LEFT;
		c.fillStyle = this.app.dark ? "#9fa7b7" : "#596172";
		c.fillText("GIL", 12, 24);
		d.lanes.forEach((/** @type {any} */ lane, /** @type {number} */ k) => {
			c.fillStyle = laneColor(k, this.app.dark);
			each(lane, this.v0, this.v1, (i) => {
				if (!(lane.state[i] & GIL)) return;
				const x = Math.max(left, left + (lane.from_us[i] - this.v0) * scale);
				c.fillRect(x, 20, Math.max(0.6, Math.min(w, left + (lane.until_us[i] - this.v0) * scale) - x), 7);
			});
		});
	}

	/** @param {CanvasRenderingContext2D} c @param {number} k @param {number} y @param {number} w @param {string[]} ink */
	lane(c, k, y, w, ink) {
		const lane = this.data.lanes[k], left = this.left ?? LEFT, scale = (w - left) / (this.v1 - this.v0);
		c.save();
		c.beginPath();
		c.rect(0, y, left - 8, LANE);
		c.clip();
		if (laneKey(lane) === this.chosen) {
			c.fillStyle = this.app.dark ? "#1c2640" : "#e8edff";
			c.fillRect(0, y, left, LANE - 2);
		}
		c.fillStyle = laneColor(k, this.app.dark);
		c.fillRect(4, y + 3, 3, STATE_H + FUNC_H);
		c.fillStyle = ink[1];
		c.fillText(ends(c, lane.name || (lane.main ? "main thread" : String(lane.tid)), left - 24), 13, y + 12);
		c.fillStyle = ink[2];
		c.fillText(left < LEFT ? `${lane.tid}${lane.main ? " main" : ""}` : `${this.pidOf(lane.series)} · ${lane.tid}${lane.main ? " · main" : ""}`, 13, y + 26);
		c.restore();
		c.save();
		c.beginPath();
		c.rect(left, y, w - left, LANE);
		c.clip();
		each(lane, this.v0, this.v1, (i) => {
			const x = left + (lane.from_us[i] - this.v0) * scale;
			const width = Math.max(0.6, (lane.until_us[i] - lane.from_us[i]) * scale);
			c.fillStyle = this.colors.state(stateWord(lane.state[i])).fill;
			c.fillRect(x, y + 3, width, STATE_H);
			this.func(c, lane, i, Math.max(x, left), Math.min(x + width, w), y + 3 + STATE_H);
		});
		c.restore();
		c.fillStyle = ink[3];
		c.fillRect(0, y + LANE - 2, w, 1);
	}

	/** @param {CanvasRenderingContext2D} c @param {any} lane @param {number} i @param {number} x0 @param {number} x1 @param {number} y */
	func(c, lane, i, x0, x1, y) {
		const place = this.leaf(lane.stack[i]);
		if (place < 0) return;
		const { strings, places } = this.data, idle = !(lane.state[i] & (CPU | GIL));
		const name = strings[places.name[place]];
		const paint = this.colors.kept(`l${idle ? 1 : 0}${place}`, () => {
			const pack = packageOf(strings[places.module[place]], strings[places.file[place]]);
			return idle ? this.colors.grey(0.01) : this.colors.packagePaint(pack, textHash(name) % 5, places.flags[place]);
		});
		c.fillStyle = paint.fill;
		c.fillRect(x0, y, Math.max(0.6, x1 - x0 - (x1 - x0 > 3 ? 0.6 : 0)), FUNC_H);
		if (x1 - x0 < 26) return;
		const wait = lane.wait[i] ? ` · ${strings[lane.wait[i]]}` : "";
		const room = Math.floor((x1 - x0 - 8) / 6.4), text = name + wait;
		c.fillStyle = paint.ink;
		c.fillText(text.length > room ? `${text.slice(0, Math.max(1, room - 1))}…` : text, x0 + 4, y + FUNC_H / 2 + 0.5);
	}

	/** @param {number} stack */
	leaf(stack) {
		const places = this.data.stacks[stack];
		return places?.length ? places[places.length - 1] : -1;
	}

	/** @param {number} series */
	pidOf(series) {
		return this.app.targets.find((t) => t.series === series)?.pid ?? `#${series}`;
	}

	/** @param {MouseEvent} e @returns {{ lane: any, box: number } | null} */
	at(e) {
		const d = this.data;
		if (!d) return null;
		const b = this.canvas.getBoundingClientRect(), left = this.left ?? LEFT;
		const k = Math.floor((e.clientY - b.top + this.scroller.scrollTop - TOP) / LANE), lane = d.lanes[k];
		if (!lane || e.clientY - b.top < TOP - 4) return null;
		const t = this.v0 + ((e.clientX - b.left - left) / (b.width - left)) * (this.v1 - this.v0);
		const box = e.clientX - b.left < left ? -1 : lane.from_us.findLastIndex((/** @type {number} */ f) => f <= t);
		return { lane, box: box >= 0 && lane.until_us[box] >= t ? box : -1 };
	}

	pointer() {
		/** @type {{ x: number, v0: number, v1: number, moved: boolean } | null} */
		let drag = null;
		const left = () => this.left ?? LEFT;
		const touch = fingers(this.canvas, {
			span: () => [this.v0, this.v1], left, width: () => this.canvas.clientWidth - left(),
			look: (a, b) => this.data && this.look(a, b), pans: true,
		});
		const us = (/** @type {number} */ dx) => (dx / (this.canvas.clientWidth - (this.left ?? LEFT))) * (this.v1 - this.v0);
		this.canvas.addEventListener("pointerdown", (e) => {
			if (e.button === 0 && e.pointerType !== "touch") drag = { x: e.clientX, v0: this.v0, v1: this.v1, moved: false };
		});
		this.canvas.addEventListener("pointermove", (e) => {
			if (drag && (e.buttons & 1) && (drag.moved || Math.abs(e.clientX - drag.x) > 4)) {
				drag.moved = true;
				hideTip();
				const by = us(drag.x - e.clientX);
				return this.look(drag.v0 + by, drag.v1 + by);
			}
			if (e.pointerType !== "touch") this.hover(e);
		});
		this.canvas.addEventListener("pointerup", (e) => {
			const tapped = e.pointerType === "touch" ? !touch.moved : drag && !drag.moved;
			drag = null;
			const hit = tapped ? this.at(e) : null;
			if (hit) this.menu(hit.lane, hit.box, e.clientX, e.clientY);
		});
		this.canvas.addEventListener("pointerleave", () => hideTip());
		this.canvas.addEventListener("wheel", (e) => {
			if (!this.data || !(e.ctrlKey || e.altKey || e.metaKey || e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY))) return;
			e.preventDefault();
			if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) return this.look(this.v0 + us(e.deltaX || e.deltaY), this.v1 + us(e.deltaX || e.deltaY));
			const at = this.v0 + us(e.offsetX - (this.left ?? LEFT)), k = Math.exp(Math.max(-60, Math.min(60, e.deltaY)) * 0.008);
			this.look(at - (at - this.v0) * k, at + (this.v1 - at) * k);
		}, { passive: false });
		this.scroller.addEventListener("keydown", (e) => {
			const w = this.v1 - this.v0, mid = (this.v0 + this.v1) / 2;
			/** @type {Record<string, () => void>} */
			const keys = {
				ArrowLeft: () => this.look(this.v0 - w / 8, this.v1 - w / 8), ArrowRight: () => this.look(this.v0 + w / 8, this.v1 + w / 8),
				"+": () => this.look(mid - w / 4, mid + w / 4), "=": () => this.look(mid - w / 4, mid + w / 4),
				"-": () => this.look(mid - w, mid + w), Home: () => this.look(0, this.span),
				ArrowUp: () => this.choose(-1), ArrowDown: () => this.choose(1), Enter: () => this.chosenMenu(), ContextMenu: () => this.chosenMenu(),
			};
			const act = keys[e.key === "F10" && e.shiftKey ? "ContextMenu" : e.key];
			if (!this.data || !act || e.ctrlKey) return;
			e.preventDefault();
			act();
		});
	}

	get chosenIndex() {
		return this.data.lanes.findIndex((/** @type {any} */ lane) => laneKey(lane) === this.chosen);
	}

	/** The lane above or below. @param {number} step */
	choose(step) {
		const { lanes } = this.data, k = Math.max(0, Math.min(lanes.length - 1, this.chosenIndex + step)), lane = lanes[k], s = this.scroller;
		if (!lane) return;
		this.chosen = laneKey(lane);
		s.scrollTop = Math.min(k * LANE, Math.max(s.scrollTop, TOP + (k + 1) * LANE - s.clientHeight));
		setText(this.voice, `${lane.name || lane.tid}, process ${this.pidOf(lane.series)}`);
		this.redraw();
	}

	/** Of the chosen lane, and of what it did in the middle of what is seen. */
	chosenMenu() {
		const k = this.chosenIndex, lane = this.data.lanes[k], mid = (this.v0 + this.v1) / 2;
		if (!lane) return;
		const box = lane.from_us.findLastIndex((/** @type {number} */ f) => f <= mid), at = this.canvas.getBoundingClientRect();
		this.menu(lane, box >= 0 && lane.until_us[box] >= mid ? box : -1, at.left + (this.left ?? LEFT), at.top + TOP + k * LANE - this.scroller.scrollTop + 14);
	}

	/** @param {PointerEvent} e */
	hover(e) {
		const hit = this.at(e);
		if (!hit || hit.box < 0) return hideTip();
		const { lane, box } = hit, { strings, places, stacks } = this.data;
		const path = stacks[lane.stack[box]].map((/** @type {number} */ p) => strings[places.name[p]]);
		const wait = lane.wait[box] ? ` in ${strings[lane.wait[box]]}` : "";
		showTip([
			h("div", { class: "name" }, path[path.length - 1] ?? "(no Python frame)"),
			h("div", { class: "where" }, path.slice(-6, -1).reverse().map((/** @type {string} */ f) => `← ${f}`).join("  ")),
			h("div", null, h("b", null, WORDS[stateWord(lane.state[box])]), wait),
			h("div", { class: "soft" }, `${lane.name || lane.tid} · ${fmt.clock(this.data.from_ms + lane.from_us[box] / 1000, 3)} · ${fmt.duration((lane.until_us[box] - lane.from_us[box]) * 1000)} · ${lane.n[box]} samples`),
		], e.clientX, e.clientY);
	}

	/** @param {any} lane @param {number} box @param {number} x @param {number} y */
	menu(lane, box, x, y) {
		const { store } = this.app, d = this.data, name = lane.name || String(lane.tid);
		const place = box >= 0 ? this.leaf(lane.stack[box]) : -1;
		const time = (/** @type {number} */ us) => Math.round((d.from_ms + us / 1000) * 1000) / 1000;
		showMenu(name, [
			{ label: "Flame graph of this thread", act: () => store.set({ view: "flame", series: String(lane.series), pid: null, thread: name }) },
			{ label: "Only this thread, everywhere", act: () => store.set({ series: String(lane.series), pid: null, thread: name }) },
			{ label: "Select what is in sight", act: () => store.set({ sel: `${time(this.v0)}~${time(this.v1)}` }) },
			box >= 0 && { label: "Select this run", act: () => store.set({ sel: `${time(lane.from_us[box])}~${time(lane.until_us[box])}` }) },
			place >= 0 && { label: "Callers and callees (sandwich)", act: () => store.set({ view: "flame", fn: d.strings[d.places.name[place]], fn_file: d.strings[d.places.file[place]] || null, fn_line: String(d.places.first_line[place]) }) },
			box >= 0 && { label: "Copy the stack", act: async () => this.app.copied("the stack", await copyText(d.stacks[lane.stack[box]].map((/** @type {number} */ p) => `${d.strings[d.places.name[p]]} (${d.strings[d.places.file[p]]})`).join("\n"))) },
		], x, y);
	}

	hide() {
		hideTip();
		this.asker.stop();
	}
}

/** The same in the next answer. @param {any} lane */
const laneKey = (lane) => `${lane.series} ${lane.tid}`;

/** Boxes of a lane within the view. @param {any} lane @param {number} v0 @param {number} v1 @param {(i: number) => void} fn */
function each(lane, v0, v1, fn) {
	let low = 0, high = lane.from_us.length;
	while (low < high) {
		const mid = (low + high) >> 1;
		if (lane.until_us[mid] >= v0) high = mid;
		else low = mid + 1;
	}
	for (let i = low; i < lane.from_us.length && lane.from_us[i] <= v1; i++) fn(i);
}

/** Threads of a pool differ at the end of their names: what does not fit is left out before it.
 * @param {CanvasRenderingContext2D} c @param {string} text @param {number} room */
function ends(c, text, room) {
	const shown = text.slice(0, 200), width = c.measureText(shown).width;
	if (width <= room) return shown;
	for (let n = Math.floor((shown.length * room) / width); ; n--) {
		const tail = Math.min(6, n >> 1), cut = `${shown.slice(0, n - tail)}…${tail > 0 ? shown.slice(-tail) : ""}`;
		if (n < 3 || c.measureText(cut).width <= room) return cut;
	}
}

/** @param {number} k @param {boolean} dark */
function laneColor(k, dark) {
	return `hsl(${(k * 137.5 + 215) % 360} ${dark ? 55 : 60}% ${dark ? 62 : 48}%)`;
}
