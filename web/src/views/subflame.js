// subflame.js - a flame graph inside another view: of a patch, a range of growth, a diff.

import { fill, h } from "../base/dom.js";
import * as fmt from "../base/format.js";
import { Flame } from "../flame/flame.js";
import { pattern } from "../flame/search.js";
import { MARK, Tree } from "../flame/tree.js";
import { hideTip, showMenu, showTip } from "./popups.js";
import { escapeRegex } from "./flameview.js";

/** @typedef {import("../app.js").App} App */

export class SubFlame {
	/** @param {App} app @param {{ value: (v: number) => string, unit?: "n" | "ns", whole?: boolean, extra?: (t: Tree, i: number) => import("../base/dom.js").Child[] }} how */
	constructor(app, how) {
		this.app = app;
		this.how = how;
		this.crumbs = h("nav", { class: "crumbs", "aria-label": "Path to the zoomed frame" });
		this.empty = h("div", { class: "empty", hidden: true });
		this.flame = new Flame({
			zoomed: () => this.drawCrumbs(),
			hovered: (node, x, y) => this.hovered(node, x, y),
			menu: (node, x, y) => this.menu(node, x, y),
		});
		this.element = h("div", { class: "subflame" }, this.crumbs, this.flame.element, this.empty);
	}

	/** @param {any} answer @param {string} nothing what to say when it is empty */
	show(answer, nothing) {
		this.flame.setTree(new Tree(answer, this.how.unit ?? this.app.unit));
		const t = /** @type {Tree} */ (this.flame.tree);
		this.empty.hidden = t.total[0] > 0;
		this.flame.element.hidden = !this.empty.hidden;
		fill(this.empty, h("b", null, nothing));
		this.flame.setPattern(pattern(this.app.store.get("q")));
		this.drawCrumbs();
	}

	/** @param {import("../flame/color.js").ColorBy} colorBy */
	look(colorBy) {
		this.flame.setLook({ icicle: true, colorBy, dark: this.app.dark });
	}

	drawCrumbs() {
		const t = this.flame.tree;
		if (!t) return;
		const path = t.path(this.flame.zoom);
		fill(this.crumbs, path.map((node, k) => [
			k > 0 && h("span", { class: "crumb-sep", "aria-hidden": "true" }, "›"),
			h("button", { class: "crumb cut", "data-key": String(k), "aria-current": k === path.length - 1 ? "true" : null, onclick: () => this.flame.zoomTo(node) }, node ? t.name(node) : "all"),
		]).flat(), h("span", { class: "spring" }), this.how.whole !== false && h("span", null, this.how.value(t.total[0])));
	}

	/** @param {number} node @param {number} x @param {number} y */
	hovered(node, x, y) {
		const t = this.flame.tree;
		if (node < 0 || !t) return hideTip();
		const whole = t.total[0] || 1;
		showTip([
			h("div", { class: "name" }, node ? t.name(node) : "all"),
			h("div", { class: "where" }, t.where(node) || "\u00a0"),
			h("dl", null, ...(this.how.extra?.(t, node) ?? [
				h("dt", null, "total"), h("dd", null, this.how.value(t.total[node])), h("dd", null, fmt.percent(t.total[node] / whole)),
				h("dt", null, "self"), h("dd", null, this.how.value(t.self[node])), h("dd", null, fmt.percent(t.self[node] / whole))])),
		], x, y);
	}

	/** @param {number} node @param {number} x @param {number} y */
	menu(node, x, y) {
		const t = /** @type {Tree} */ (this.flame.tree), name = t.name(node);
		const real = node > 0 && !(t.flags(node) & MARK);
		showMenu(name || "all", [
			{ label: "Zoom on it", act: () => this.flame.zoomTo(node) },
			real && { label: "Callers and callees (sandwich)", act: () => this.app.store.set({ view: "flame", fn: name, fn_file: t.file(node) || null, fn_line: String(t.firstLine(node)) }) },
			real && { label: "Only stacks with it", act: () => this.app.store.set({ function: `^${escapeRegex(name)}$` }) },
			real && { label: "Source", act: () => this.app.store.set({ view: "source", file: t.file(node), line: String(t.firstLine(node)) }) },
		], x, y);
	}
}
