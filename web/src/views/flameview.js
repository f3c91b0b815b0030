// flameview.js - the flame graph with its bar, path, details and menu; beside a table when
// split; two graphs, callers above callees, when a function is looked at (sandwich).

import { Asker } from "../base/api.js";
import { copyText, fill, h } from "../base/dom.js";
import * as fmt from "../base/format.js";
import { query } from "../base/state.js";
import { changeOf } from "../flame/color.js";
import { Flame } from "../flame/flame.js";
import { MIN_WIDTH } from "../flame/layout.js";
import { pattern } from "../flame/search.js";
import { MARK, Tree } from "../flame/tree.js";
import { download } from "./header.js";
import { hideTip, showMenu, showTip } from "./popups.js";
import { TableView } from "./table.js";

/** @typedef {import("../app.js").App} App */

/** Asked for once the picture has stood still for a while; at first, and every second, the
 * server's own limit is enough. */
const MAX_NODES = 100000, STILL_MS = 1500;

/** Trees of fewer nodes are sent whole once that is known. */
const SMALL = 4000;

const GROUPS = [["", "no grouping"], ["process", "by process"], ["thread", "by thread"], ["state", "by state"]];
const COLORS = [["", "by module"], ["self", "by self time"], ["state", "by state"]];

export class FlameView {
	/** @param {App} app @param {boolean} split */
	constructor(app, split) {
		this.app = app;
		this.asker = new Asker();
		/** @type {any} */
		this.answer = null;
		this.flame = this.makeFlame();
		this.above = this.makeFlame();
		/** which of the two was used last */
		this.active = this.flame;
		this.match = 0;
		this.still = 0;
		this.search = h("input", {
			class: "field", type: "search", placeholder: "Search: regex", "aria-label": "Search functions, files and modules by regex", spellcheck: "false",
			oninput: () => app.store.set({ q: this.search.value || null }, { replace: true }),
			onkeydown: (/** @type {KeyboardEvent} */ e) => e.key === "Enter" && this.next(e.shiftKey ? -1 : 1),
		});
		this.matched = h("span", { class: "matched", "aria-live": "polite" });
		this.group = this.select("group", GROUPS);
		this.color = this.select("color", COLORS);
		this.invert = this.toggle("invert", "Invert", "Leaves first, their callers below (i)");
		this.flip = this.toggle("flame", "Flame", "Roots at the bottom (f)");
		this.crumbs = h("nav", { class: "crumbs", "aria-label": "Path to the zoomed frame" });
		this.details = h("div", { class: "details", "aria-live": "polite" });
		this.empty = h("div", { class: "empty", hidden: true });
		this.aboveBox = h("div", { class: "sandwich-above", hidden: true }, h("div", { class: "sandwich-title" }, "Callers"), this.above.element);
		this.belowTitle = h("div", { class: "sandwich-title", hidden: true }, "Callees");
		this.table = split ? new TableView(app, this) : null;
		this.bar = h("div", { class: "flame-bar" },
			h("div", { class: "search" }, this.search, this.matched), this.group, this.color, this.invert, this.flip,
			h("span", { class: "spring" }), this.note = h("span", { class: "faint note" }));
		this.element = h("div", { class: split ? "split" : "single" },
			this.table && this.table.element,
			h("div", { class: "flame-pane" }, this.bar, this.crumbs, this.aboveBox, this.belowTitle, this.flame.element, this.empty, this.details));
		this.keys = {
			n: () => this.next(1), N: () => this.next(-1),
			i: () => this.invert.click(), f: () => this.flip.click(), c: () => this.nextColor(),
			s: () => this.sandwich(), o: () => this.source(), y: () => this.copy(false), Y: () => this.copy(true),
		};
		this.look();
	}

	makeFlame() {
		/** @type {Flame} */
		const flame = new Flame({
			zoomed: (node) => this.zoomed(flame, node),
			selected: (node) => this.selected(flame, node),
			hovered: (node, x, y) => this.hovered(flame, node, x, y),
			menu: (node, x, y) => this.menu(flame, node, x, y),
		});
		return flame;
	}

	/** @param {string} key @param {string[][]} options */
	select(key, options) {
		const el = h("select", { class: "field", "aria-label": options[0][1], onchange: () => this.app.store.set({ [key]: el.value || null }) },
			options.map(([value, words]) => h("option", { value }, words)));
		return el;
	}

	/** @param {string} key @param {string} words @param {string} title */
	toggle(key, words, title) {
		return h("button", { class: "button", title, onclick: () => this.app.store.set({ [key]: this.app.store.flag(key) ? null : "1" }) }, words);
	}

	/** @param {string[]} keys */
	changed(keys) {
		this.look();
		if (keys.includes("q")) this.applySearch();
		if (keys.includes("zoom")) this.applyZoom(false);
		if (keys.includes("unit")) this.show();
		if (keys.some((k) => ["group", "invert", "fn", "fn_file", "fn_line"].includes(k))) this.refresh(false).catch((e) => this.app.fail(e));
		this.table?.changed(keys);
	}

	look() {
		const { store, dark } = this.app;
		const colorBy = /** @type {any} */ (store.get("color", "module"));
		this.flame.setLook({ icicle: this.isSandwich || !store.flag("flame"), colorBy, dark });
		this.above.setLook({ icicle: false, colorBy, dark });
		this.invert.setAttribute("aria-pressed", String(store.flag("invert")));
		this.flip.setAttribute("aria-pressed", String(store.flag("flame")));
		this.group.value = store.get("group");
		this.color.value = store.get("color");
		for (const el of [this.group, this.invert, this.flip]) el.disabled = this.isSandwich;
		if (document.activeElement !== this.search) this.search.value = store.get("q");
		this.aboveBox.hidden = this.belowTitle.hidden = !this.isSandwich;
	}

	retheme() {
		this.look();
		this.table?.retheme?.();
	}

	get isSandwich() {
		return this.app.store.get("fn") !== "";
	}

	/** @param {boolean} live */
	async refresh(live) {
		const { store } = this.app;
		/** @type {Record<string, string>} */
		const extra = this.isSandwich
			? { of: store.get("fn"), of_file: store.get("fn_file"), of_line: store.get("fn_line") }
			: { group: store.get("group"), invert: store.get("invert") };
		const q = query(store, { extra: { ...extra, min_share: this.finest() } });
		clearTimeout(this.still);
		const [answer] = await Promise.all([
			this.asker.ask(this.isSandwich ? "callers" : "flamegraph", q),
			this.table?.refresh(live),
		]);
		if (!answer) return;
		this.answer = answer;
		this.show();
		if (answer.trimmed && !this.isSandwich) this.still = window.setTimeout(() => this.detail(extra), STILL_MS);
	}

	/** The share of what is seen that is too narrow to be drawn as a box: less need not be sent
	 * of a large tree while nobody looks closer or searches. One of few values, so that tabs
	 * share answers. */
	finest() {
		const { store } = this.app, { tree, v0, v1 } = this.flame;
		if (store.get("q") || this.isSandwich || (store.get("zoom") && !tree) || (tree && tree.n + this.answer.trimmed < SMALL)) return undefined;
		return ((tree?.total[0] ? (v1 - v0) / tree.total[0] : 1) * MIN_WIDTH / 2 ** Math.ceil(Math.log2(innerWidth))).toPrecision(3);
	}

	/** The small frames too, for who zooms in. @param {Record<string, string>} extra */
	async detail(extra) {
		const answer = await this.asker.ask("flamegraph", query(this.app.store, { extra: { ...extra, max_nodes: MAX_NODES } })).catch(() => null);
		if (!answer || this.flame.glide.on) return;
		this.answer = answer;
		this.show();
	}

	show() {
		const a = this.answer;
		if (!a) return;
		const unit = this.app.unit;
		if (a.callers) {
			this.above.setTree(new Tree(a, unit, "callers"));
			this.flame.setTree(new Tree(a, unit, "callees"));
		} else {
			this.flame.setTree(new Tree(a, unit));
		}
		const t = /** @type {Tree} */ (this.flame.tree);
		this.empty.hidden = t.total[0] > 0;
		fill(this.empty, h("b", null, "No samples"), h("span", null, this.isSandwich ? `No stack in this range has ${this.app.store.get("fn")}.` : "Nothing in this range passes the filters."));
		this.note.textContent = a.trimmed ? `${fmt.count(t.n)} of ${fmt.count(t.n + a.trimmed)} frames; the rest is in (other)` : `${fmt.count(t.n)} frames`;
		this.applyZoom(true);
		this.applySearch();
		if (!this.flame.frames.first) this.flame.draw(performance.now());
	}

	applySearch() {
		const text = this.app.store.get("q"), re = pattern(text);
		this.flame.setPattern(re);
		this.above.setPattern(re);
		this.match = 0;
		const found = this.flame.found, t = this.flame.tree;
		this.matched.textContent = found && t ? `${fmt.percent(found.weight / (t.total[0] || 1))} · ${fmt.count(found.nodes.length)}` : "";
		this.flame.reveal(-1);
	}

	/** @param {number} step */
	next(step) {
		const nodes = this.flame.found?.nodes;
		if (!nodes?.length) return;
		this.match = (this.match + step + nodes.length) % nodes.length;
		this.flame.select(nodes[this.match]);
	}

	nextColor() {
		const now = COLORS.findIndex(([v]) => v === this.app.store.get("color"));
		this.app.store.set({ color: COLORS[(now + 1) % COLORS.length][0] || null });
	}

	/** @param {boolean} jump without gliding there */
	applyZoom(jump) {
		const t = this.flame.tree;
		if (!t) return;
		const wanted = parseInt(this.app.store.get("zoom"), 36);
		const node = Math.max(0, t.find(wanted));
		if (node !== this.flame.zoom) this.flame.zoomTo(node, { quiet: true, jump });
		this.drawCrumbs();
		this.describe(this.flame, this.flame.selected >= 0 ? this.flame.selected : node);
	}

	/** @param {Flame} flame @param {number} node */
	zoomed(flame, node) {
		if (flame === this.flame && flame.tree)
			this.app.store.set({ zoom: node ? flame.tree.hash[node].toString(36) : null });
		this.drawCrumbs();
	}

	/** @param {Flame} flame @param {number} node */
	selected(flame, node) {
		this.active = flame;
		this.describe(flame, node);
		if (flame.tree && node >= 0) this.table?.showFunction(flame.tree.name(node), flame.tree.file(node));
	}

	drawCrumbs() {
		const { flame } = this, t = flame.tree;
		if (!t) return;
		const fn = this.app.store.get("fn");
		const path = t.path(flame.zoom);
		fill(this.crumbs,
			fn && [h("button", { class: "crumb", onclick: () => this.app.store.set({ fn: null, fn_file: null, fn_line: null, zoom: null }) }, "all"), h("span", { class: "crumb-sep" }, "⌁")],
			path.map((node, k) => [
				k > 0 && h("span", { class: "crumb-sep", "aria-hidden": "true" }, "›"),
				h("button", { class: "crumb cut", "data-key": String(k), "aria-current": k === path.length - 1 ? "true" : null, title: t.where(node), onclick: () => flame.zoomTo(node) }, node ? t.name(node) : fn || "all"),
			]).flat());
		if (path.length > 1) this.crumbs.scrollLeft = this.crumbs.scrollWidth;
	}

	/** @param {Flame} flame @param {number} node */
	facts(flame, node) {
		const t = /** @type {Tree} */ (flame.tree), whole = this.whole(t);
		return {
			name: node ? t.name(node) : this.app.store.get("fn") || "all",
			where: t.where(node), module: t.module(node),
			self: t.self[node], total: t.total[node],
			selfShare: t.self[node] / whole, share: t.total[node] / whole,
			ofParent: node ? t.total[node] / (t.total[t.parent[node]] || 1) : 1,
		};
	}

	/** What percentages are of: the range, also in a sandwich. @param {Tree} t */
	whole(t) {
		const all = this.answer?.all;
		return (all ? all[this.app.unit] : t.total[0]) || 1;
	}

	/** @param {Flame} flame @param {number} node */
	describe(flame, node) {
		if (!flame.tree || node < 0) return;
		const f = this.facts(flame, node), { app } = this;
		fill(this.details, h("span", { class: "name cut" }, f.name), h("span", { class: "cut" }, f.where),
			h("span", null, "total ", h("b", null, app.value(f.total)), ` ${fmt.percent(f.share)}`),
			h("span", null, "self ", h("b", null, app.value(f.self)), ` ${fmt.percent(f.selfShare)}`));
	}

	/** @param {Flame} flame @param {number} node @param {number} x @param {number} y */
	hovered(flame, node, x, y) {
		if (node < 0 || !flame.tree) return hideTip();
		const f = this.facts(flame, node), v = (/** @type {number} */ n) => this.app.value(n);
		showTip([
			h("div", { class: "name" }, f.name),
			h("div", { class: "where" }, f.where || f.module || "\u00a0"),
			h("dl", null,
				h("dt", null, "total"), h("dd", null, v(f.total)), h("dd", null, fmt.percent(f.share)),
				h("dt", null, "self"), h("dd", null, v(f.self)), h("dd", null, fmt.percent(f.selfShare)),
				node > 0 && [h("dt", null, "of caller"), h("dd", null, ""), h("dd", null, fmt.percent(f.ofParent))],
				node >= 0 && this.states(flame.tree, node),
				flame.colorBy === "diff" && [h("dt", null, "change"), h("dd", null, ""), h("dd", null, fmt.percent(changeOf(flame.tree, node)))]),
		], x, y);
	}

	/** On CPU, waiting for the GIL, else blocked: shares of the node's own time.
	 * @param {Tree} t @param {number} i */
	states(t, i) {
		const c = t.columns, all = c.total_ns?.[i];
		if (!all || !c.cpu_ns) return null;
		const parts = [["cpu", "on CPU", c.cpu_ns[i] / all], ["gil-wait", "GIL wait", c.wait_ns[i] / all]];
		const meter = h("div", { class: "meter" }, parts.map(([kind, , share]) => {
			const bar = h("i", { class: `c--${kind}` });
			bar.style.width = `${Number(share) * 100}%`;
			return bar;
		}));
		return [...parts.flatMap(([, words, share]) => [h("dt", null, words), h("dd", null, ""), h("dd", null, fmt.percent(Number(share)))]), meter];
	}

	/** @param {Flame} flame @param {number} node @param {number} x @param {number} y */
	menu(flame, node, x, y) {
		const t = /** @type {Tree} */ (flame.tree), { store } = this.app;
		this.active = flame;
		const name = t.name(node), real = node > 0 && !(t.flags(node) & MARK);
		showMenu(name, [
			{ label: "Zoom on it", keys: "Enter", act: () => flame.zoomTo(node) },
			real && { label: "Callers and callees (sandwich)", keys: "s", act: () => this.sandwich() },
			real && { label: "Only stacks with it", act: () => store.set({ function: `^${escapeRegex(name)}$` }) },
			real && { label: "Only what it calls", act: () => store.set({ root: `^${escapeRegex(name)}$`, zoom: null }) },
			real && { label: "Leave it out, its time to its caller", act: () => store.set({ hide: `^${escapeRegex(name)}$` }) },
			real && t.module(node) !== "" && { label: `Only stacks with ${t.module(node)}`, act: () => store.set({ module: t.module(node) }) },
			real && { label: "Source", keys: "o", act: () => this.source() },
			{ label: "Find all of that name", act: () => store.set({ q: `^${escapeRegex(name)}$` }) },
			{ label: "Copy name", keys: "y", act: () => this.copy(false) },
			{ label: "Copy path", keys: "Y", act: () => this.copy(true) },
			{ label: "Download the graph as SVG", act: () => download(this.app, "svg") },
		], x, y);
	}

	get chosen() {
		const node = this.active.selected >= 0 ? this.active.selected : this.active.zoom;
		return this.active.tree && node > 0 ? { t: this.active.tree, node } : null;
	}

	sandwich() {
		const c = this.chosen;
		if (!c || c.t.flags(c.node) & MARK) return;
		this.app.store.set({
			fn: c.t.name(c.node), fn_file: c.t.file(c.node) || null,
			fn_line: c.t.firstLine(c.node) ? String(c.t.firstLine(c.node)) : null, zoom: null,
		});
	}

	source() {
		const c = this.chosen;
		if (c?.t.file(c.node)) this.app.store.set({ view: "source", file: c.t.file(c.node), line: String(c.t.line[c.node] || c.t.firstLine(c.node)) });
	}

	/** @param {boolean} path */
	async copy(path) {
		const c = this.chosen;
		if (!c) return;
		const text = path ? c.t.path(c.node).slice(1).map((i) => `${c.t.name(i)} (${c.t.where(i)})`).join("\n") : c.t.name(c.node);
		this.app.copied(path ? "the path" : "the name", await copyText(text));
	}

	hide() {
		hideTip();
		clearTimeout(this.still);
		this.asker.stop();
	}
}

/** For the server's POSIX regexes as for ours. @param {string} text */
export function escapeRegex(text) {
	return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
