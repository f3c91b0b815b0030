// flame.js - the flame graph: a canvas of the size of what is seen, redrawn only when
// something changed. Holds the view (zoom, scroll, selection, search); drawing is in
// paint.js, mouse and keyboard in input.js.

import { h } from "../base/dom.js";
import { Colors } from "./color.js";
import { attachInput } from "./input.js";
import { depthBelow } from "./layout.js";
import { paint } from "./paint.js";
import { search } from "./search.js";

/** @typedef {import("./tree.js").Tree} Tree */

/**
 * @typedef {object} FlameEvents
 * @property {(node: number) => void} [zoomed] the user chose another node to fill the width
 * @property {(node: number) => void} [selected]
 * @property {(node: number, x: number, y: number) => void} [hovered] -1: nothing
 * @property {(node: number, x: number, y: number) => void} [menu]
 */

export const ROW = 20;
const GLIDE_MS = 170;

export class Flame {
	/** @param {FlameEvents} events */
	constructor(events) {
		this.events = events;
		this.canvas = h("canvas", { class: "flame-canvas" });
		this.spacer = h("div", { class: "flame-spacer" });
		this.scroller = h("div", {
			class: "flame", tabindex: "0", role: "application",
			"aria-roledescription": "flame graph",
			"aria-label": "Flame graph. Arrow keys move, Enter zooms, Escape resets. The table view has the same numbers.",
		}, this.canvas, this.spacer);
		this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d", { alpha: false }));
		/** @type {Tree | null} */
		this.tree = null;
		this.zoom = 0;
		this.selected = -1;
		this.hovered = -1;
		this.v0 = 0;
		this.v1 = 1;
		this.icicle = true;
		/** @type {import("./color.js").ColorBy} */
		this.colorBy = "module";
		/** @type {RegExp | null} */
		this.pattern = null;
		/** @type {ReturnType<typeof search>} */
		this.found = null;
		this.colors = new Colors(false);
		/** what each node is painted with, by node; made as nodes are first seen
		 * @type {import("./color.js").Paint[]} */
		this.paints = [];
		this.width = 0;
		this.height = 0;
		this.ratio = 1;
		this.frame = 0;
		this.frames = { n: 0, ms: 0, worst: 0, first: 0 }; // first: when a tree was first drawn
		this.glide = { from0: 0, from1: 1, start: 0, on: false };
		this.rowsShown = 0;
		attachInput(this);
		new ResizeObserver(() => this.resize()).observe(this.scroller);
		this.scroller.addEventListener("scroll", () => this.redraw());
	}

	get element() {
		return this.scroller;
	}

	/** Shows another tree; zoom, selection and search stay with the same nodes.
	 * @param {Tree} tree */
	setTree(tree) {
		const old = this.tree;
		const hashes = old ? [old.hash[this.zoom], this.selected >= 0 ? old.hash[this.selected] : 0] : [0, 0];
		const view = old ? this.viewInZoom() : null;
		this.tree = tree;
		this.paints = [];
		this.zoom = old ? Math.max(0, tree.find(hashes[0])) : 0;
		this.selected = tree.find(hashes[1]);
		this.hovered = -1;
		this.found = search(tree, this.pattern);
		this.glide.on = false;
		const kept = old && tree.hash[this.zoom] === hashes[0];
		this.showNode(this.zoom, kept ? view : null);
		this.measure();
		this.redraw();
	}

	/** Where the view lies within the zoomed node, 0..1. @returns {[number, number]} */
	viewInZoom() {
		const t = /** @type {Tree} */ (this.tree), w = t.total[this.zoom] || 1;
		return [(this.v0 - t.x[this.zoom]) / w, (this.v1 - t.x[this.zoom]) / w];
	}

	/** @param {number} node @param {[number, number] | null} [part] */
	showNode(node, part = null) {
		const t = /** @type {Tree} */ (this.tree);
		const x = t.x[node], w = t.total[node] || 1;
		this.v0 = x + w * (part ? part[0] : 0);
		this.v1 = x + w * (part ? part[1] : 1);
	}

	/** @param {number} node @param {{ quiet?: boolean, jump?: boolean }} [how] */
	zoomTo(node, how = {}) {
		if (!this.tree || node < 0) return;
		const { v0, v1 } = this;
		this.zoom = node;
		this.showNode(node);
		this.measure();
		const still = how.jump || matchMedia("(prefers-reduced-motion: reduce)").matches;
		this.glide = { from0: v0, from1: v1, start: performance.now(), on: !still };
		this.redraw();
		if (!how.quiet) this.events.zoomed?.(node);
	}

	/** Moves the view without choosing a node: wheel and drag. @param {number} v0 @param {number} v1 */
	look(v0, v1) {
		const t = this.tree;
		if (!t) return;
		const whole = t.total[0] || 1;
		let w = Math.min(Math.max(v1 - v0, whole / 1e9), whole);
		const left = Math.min(Math.max(v0, 0), whole - w);
		this.v0 = left;
		this.v1 = left + w;
		this.glide.on = false;
		this.redraw();
	}

	/** @param {number} node @param {{ quiet?: boolean }} [how] */
	select(node, how = {}) {
		this.selected = node;
		this.reveal(node);
		this.redraw();
		if (!how.quiet) this.events.selected?.(node);
	}

	/** Scrolls and, where needed, widens the view so that a node can be seen. @param {number} node */
	reveal(node) {
		const t = this.tree;
		if (!t || node < 0) return;
		const top = this.rowTop(t.depth[node]) + this.scroller.scrollTop;
		if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
		if (top + ROW > this.scroller.scrollTop + this.height) this.scroller.scrollTop = top + ROW - this.height;
		if (t.x[node] >= this.v1 || t.x[node] + t.total[node] <= this.v0) {
			const around = t.parent[node];
			this.look(t.x[around], t.x[around] + t.total[around]);
		}
	}

	/** @param {RegExp | null} re */
	setPattern(re) {
		this.pattern = re;
		this.found = this.tree ? search(this.tree, re) : null;
		this.redraw();
	}

	/** @param {{ icicle?: boolean, colorBy?: import("./color.js").ColorBy, dark?: boolean }} look */
	setLook(look) {
		if (look.icicle !== undefined && look.icicle !== this.icicle) {
			this.icicle = look.icicle;
			this.measure();
			this.scroller.scrollTop = this.icicle ? 0 : this.scroller.scrollHeight;
		}
		if (look.colorBy) this.colorBy = look.colorBy;
		if (look.dark !== undefined && look.dark !== this.colors.dark) this.colors = new Colors(look.dark);
		this.paints = [];
		this.redraw();
	}

	/** @param {number} node */
	paintOf(node) {
		return (this.paints[node] ??= this.colors.of(/** @type {Tree} */ (this.tree), node, this.colorBy));
	}

	/** Top of a row on the canvas, in CSS pixels. @param {number} depth */
	rowTop(depth) {
		const y = this.icicle ? depth * ROW : Math.max(this.rowsShown * ROW, this.height) - (depth + 1) * ROW;
		return y - this.scroller.scrollTop;
	}

	/** @param {number} y on the canvas */
	depthAt(y) {
		const inPage = y + this.scroller.scrollTop;
		return this.icicle
			? Math.floor(inPage / ROW)
			: Math.ceil((Math.max(this.rowsShown * ROW, this.height) - inPage) / ROW) - 1;
	}

	/** The height of the whole picture, so that the scroll bar is right. */
	measure() {
		const before = this.rowsShown;
		this.rowsShown = this.tree ? depthBelow(this.tree, this.zoom) + 1 : 0;
		this.spacer.style.height = `${Math.max(0, this.rowsShown * ROW - this.height)}px`;
		if (!this.icicle && before !== this.rowsShown) this.scroller.scrollTop = this.scroller.scrollHeight;
	}

	resize() {
		const w = this.scroller.clientWidth, hgt = this.scroller.clientHeight;
		const ratio = window.devicePixelRatio || 1;
		if (w === this.width && hgt === this.height && ratio === this.ratio) return;
		this.width = w;
		this.height = hgt;
		this.ratio = ratio;
		this.canvas.width = Math.max(1, Math.round(w * ratio));
		this.canvas.height = Math.max(1, Math.round(hgt * ratio));
		this.canvas.style.width = `${w}px`;
		this.canvas.style.height = `${hgt}px`;
		this.measure();
		this.draw(performance.now());
	}

	redraw() {
		if (!this.frame) this.frame = requestAnimationFrame((now) => this.draw(now));
	}

	/** @param {number} now */
	draw(now) {
		cancelAnimationFrame(this.frame);
		this.frame = 0;
		if (!this.width || !this.height) return;
		const began = performance.now();
		let { v0, v1 } = this;
		if (this.glide.on) {
			const t = Math.min(1, (now - this.glide.start) / GLIDE_MS);
			const eased = 1 - (1 - Math.max(0, t)) ** 3;
			v0 = this.glide.from0 + (v0 - this.glide.from0) * eased;
			v1 = this.glide.from1 + (v1 - this.glide.from1) * eased;
			if (t >= 1) this.glide.on = false;
			else this.redraw();
		}
		paint(this, v0, v1);
		const ms = performance.now() - began;
		this.frames.n++;
		if (this.tree) this.frames.first ||= began;
		this.frames.ms += ms;
		this.frames.worst = Math.max(this.frames.worst, ms);
	}
}
