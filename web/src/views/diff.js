// diff.js - before (A) and after (B): two ranges or two processes, combined or side by side,
// and a table of what grew.

import { Asker } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import * as fmt from "../base/format.js";
import { query, selection } from "../base/state.js";
import { sorted, VirtualTable } from "../base/vlist.js";
import { changeOf } from "../flame/color.js";
import { pattern } from "../flame/search.js";
import { SubFlame } from "./subflame.js";

/** @typedef {import("../app.js").App} App */

const SHAPES = [["", "Combined"], ["sides", "Side by side"], ["table", "Table"]];
/** What to compare with, relative to the window (B). */
const BEFORE = [["previous", "the range before"], ["half", "its first half"], ["hour", "an hour earlier"], ["day", "a day earlier"], ["week", "a week earlier"]];

export class DiffView {
	/** @param {App} app */
	constructor(app) {
		this.app = app;
		this.asker = new Asker();
		/** @type {any} */
		this.answer = null;
		const value = (/** @type {number} */ v) => app.value(v);
		this.combined = new SubFlame(app, { value, whole: false, extra: (t, i) => this.facts(t, i) });
		this.sideA = new SubFlame(app, { value });
		this.sideB = new SubFlame(app, { value });
		this.shape = h("div", { class: "group", role: "group", "aria-label": "Shape" }, SHAPES.map(([v, words]) =>
			h("button", { class: "button", "data-v": v, onclick: () => app.store.set({ shape: v || null }) }, words)));
		this.inputs = Object.fromEntries(["b.from", "b.until", "b.pid"].map((key) => [key, h("input", {
			class: "field time", placeholder: { "b.from": "from", "b.until": "until", "b.pid": "pid" }[key], "aria-label": `A: ${key.slice(2)}`, spellcheck: "false",
			onchange: (/** @type {Event} */ e) => app.store.set({ [`a${key.slice(1)}`]: /** @type {HTMLInputElement} */ (e.target).value.trim() || null, before: null }),
		})]));
		this.before = h("select", { class: "field", "aria-label": "Compare with", onchange: () => app.store.set({ before: this.before.value, "a.from": null, "a.until": null }) });
		this.after = h("span", { class: "soft" });
		this.body = h("div", { class: "diff-body" });
		this.note = h("span", { class: "soft" });
		this.table = this.makeTable();
		this.element = h("div", { class: "diff" },
			h("div", { class: "flame-bar" },
				h("span", { class: "soft" }, "A, before:"), this.before, this.inputs["b.from"], this.inputs["b.until"], this.inputs["b.pid"],
				this.after, h("span", { class: "spring" }), this.shape),
			h("div", { class: "legend" },
				legend("less", "smaller share"), legend("more", "larger share"), legend("only-a", "only in A"), legend("only-b", "only in B"), legend("chance", "may be chance"), h("span", { class: "spring" }), this.note),
			this.body);
		this.retheme();
	}

	retheme() {
		this.combined.look("diff");
		this.sideA.look("module");
		this.sideB.look("module");
	}

	makeTable() {
		const share = (/** @type {number} */ r) => this.answer.rows.share[r];
		/** @type {import("../base/vlist.js").Column[]} */
		const columns = [
			{ id: "share", title: "Change", help: "Change of the share that is the function's own", num: true, width: "130px", narrow: "72px", key: share, cell: (r) => h("b", { class: Math.abs(share(r)) < 0.000005 ? "soft" : share(r) > 0 ? "bad" : "good" }, signed(share(r))) },
			{ id: "a", title: "Self in A", num: true, width: "110px", narrow: "", key: (r) => this.selfShare(r, "a"), cell: (r) => fmt.percent(this.selfShare(r, "a")) },
			{ id: "b", title: "Self in B", num: true, width: "110px", narrow: "64px", key: (r) => this.selfShare(r, "b"), cell: (r) => fmt.percent(this.selfShare(r, "b")) },
			{ id: "p", title: "Chance", help: "Probability that the change is chance", num: true, width: "96px", narrow: "", key: (r) => -this.answer.rows.p[r], cell: (r) => (this.answer.rows.p[r] < 0.001 ? "<0.1 %" : fmt.percent(this.answer.rows.p[r])) },
			{ id: "name", title: "Function", width: "minmax(140px, 1.3fr)", narrow: "minmax(0, 1fr)", key: (r) => this.text(r, "name"), cell: (r) => h("span", { class: "mono" }, this.text(r, "name")) },
			{ id: "where", title: "Where", width: "minmax(100px, 1.6fr)", narrow: "", key: (r) => this.text(r, "file"), cell: (r) => h("span", { class: "mono soft" }, this.text(r, "file")) },
		];
		return new VirtualTable(columns, {
			sorted: (column, down) => this.app.store.set({ sort: `${down ? "-" : ""}${column}` }, { replace: true }),
			chosen: (r) => this.app.store.set({ view: "flame", fn: this.text(r, "name"), fn_file: this.text(r, "file") || null }),
		}, { label: "What changed" });
	}

	/** @param {number} r @param {string} field */
	text(r, field) {
		const { strings, places, rows } = this.answer;
		return strings[places[field][rows.place[r]]];
	}

	/** @param {number} r @param {"a" | "b"} side */
	selfShare(r, side) {
		const u = this.app.unit;
		return this.answer.rows[`self_${u}_${side}`][r] / (this.answer[`all_${u}_${side}`] || 1);
	}

	/** @param {import("../flame/tree.js").Tree} t @param {number} i */
	facts(t, i) {
		const u = t.unit, c = t.columns;
		return ["a", "b"].flatMap((s) => {
			const v = c[`total_${u}_${s}`][i];
			return [h("dt", null, s === "a" ? "before (A)" : "after (B)"), h("dd", null, this.app.value(v)), h("dd", null, fmt.percent(v / (c[`total_${u}_${s}`][0] || 1)))];
		}).concat([h("dt", null, "change"), h("dd", null, c.p[i] > 0.01 ? "may be chance" : ""), h("dd", null, signed(changeOf(t, i)))]);
	}

	/** What B is compared with when nobody said: the range before, or where nothing was
	 * recorded then, its first half with its second. */
	get beforeNow() {
		const range = this.range(), first = this.app.status?.from_ms ?? 0;
		return this.app.store.get("before") || (range && 1.5 * range[0] - range[1] / 2 < first ? "half" : "previous");
	}

	/** The window, or what is brushed of it, ms; without what lies before the recording. */
	range() {
		const w = selection(this.app.store) ?? this.app.timeline.window(), first = this.app.status?.from_ms ?? 0;
		return w && /** @type {[number, number]} */ ([Math.min(Math.max(w[0], first), w[1] - 1), w[1]]);
	}

	/** @returns {{ a: [number, number], b: [number, number] } | null} ms */
	ranges() {
		const range = this.range();
		if (!range) return null;
		const [from, until] = range, middle = (from + until) / 2;
		if (this.beforeNow === "half") return { a: [from, middle], b: [middle, until] };
		const shift = { hour: 3600e3, day: 86400e3, week: 7 * 86400e3 }[this.beforeNow] ?? until - from;
		return { a: [from - shift, until - shift], b: range };
	}

	/** The parameters of /diff: A is the plain side, B has the prefix. */
	question() {
		const { store } = this.app, ranges = this.ranges();
		const b = new URLSearchParams(query(store)), a = new URLSearchParams(query(store));
		if (ranges) {
			a.set("from", store.get("a.from") || (ranges.a[0] / 1000).toFixed(3));
			a.set("until", store.get("a.until") || (ranges.a[1] / 1000).toFixed(3));
			b.set("from", (ranges.b[0] / 1000).toFixed(3));
			b.set("until", (ranges.b[1] / 1000).toFixed(3));
		}
		if (store.get("a.pid")) {
			a.delete("series");
			a.set("pid", store.get("a.pid"));
			a.set("from", b.get("from") ?? "");
			a.set("until", b.get("until") ?? "");
		}
		const out = new URLSearchParams(a);
		for (const [key, value] of b) if (["from", "until"].includes(key)) out.append(`b.${key}`, value);
		if (store.get("a.pid")) for (const key of ["pid", "series"]) for (const v of store.all(key)) out.append(`b.${key}`, v);
		if (store.get("a.pid") && !store.all("pid").length && store.all("series").length) out.append("b.pid", "");
		out.set("view", store.get("shape") === "table" ? "table" : "tree");
		return out.toString();
	}

	/** @param {string[]} keys */
	changed(keys) {
		if (keys.some((k) => ["shape", "before", "a.from", "a.until", "a.pid"].includes(k))) this.refresh().catch((e) => this.app.fail(e));
		else if (keys.some((k) => ["q", "sort", "unit"].includes(k))) this.show();
	}

	async refresh() {
		const { store } = this.app;
		if (!this.app.timeline.window()) await this.app.timeline.refresh();
		for (const b of this.shape.querySelectorAll("button")) b.setAttribute("aria-pressed", String(b.dataset.v === store.get("shape")));
		fill(this.before, store.get("a.from") && h("option", { value: "", selected: true }, "a range of its own"),
			BEFORE.map(([v, words]) => h("option", { value: v, selected: this.beforeNow === v && !store.get("a.from") }, words)));
		for (const [key, input] of Object.entries(this.inputs)) if (document.activeElement !== input) input.value = store.get(`a${key.slice(1)}`);
		const answer = await this.asker.ask("diff", this.question());
		if (!answer) return;
		this.answer = answer;
		this.describe();
		this.show();
	}

	/** Which times are compared. */
	describe() {
		const { store } = this.app, r = this.ranges();
		if (!r) return;
		const words = (/** @type {[number, number]} */ [from, until]) => `${fmt.dateTime(from)} – ${fmt.clock(until)}`;
		this.inputs["b.from"].placeholder = store.get("a.pid") ? "as B" : fmt.dateTime(r.a[0]);
		this.inputs["b.until"].placeholder = store.get("a.pid") ? "as B" : fmt.clock(r.a[1]);
		this.after.textContent = `B, after: ${words(r.b)}`;
	}

	show() {
		const a = this.answer, { store } = this.app;
		if (!a) return;
		if (a.rows) return this.showTable();
		const nodes = a.nodes, both = sum(nodes), u = this.app.unit;
		const empty = ["a", "b"].filter((s) => !nodes[`total_${u}_${s}`][0]).map((s) => s.toUpperCase());
		if (store.get("shape") === "sides") {
			fill(this.body, h("div", { class: "sides" }, this.sideA.element, this.sideB.element));
			this.sideA.show({ ...a, nodes: side(nodes, "a") }, "Nothing in A");
			this.sideB.show({ ...a, nodes: side(nodes, "b") }, "Nothing in B");
		} else {
			fill(this.body, this.combined.element);
			this.combined.show({ ...a, nodes: { ...nodes, ...both } }, "Nothing to compare: one of the ranges is empty");
		}
		this.note.classList.toggle("warn", empty.length > 0);
		this.note.textContent = empty.length ? `Nothing was recorded in ${empty.join(" and ")}: choose another range` : `A ${this.app.value(nodes[`total_${u}_a`][0])}, B ${this.app.value(nodes[`total_${u}_b`][0])}; shares are of each side's own whole`;
	}

	showTable() {
		const { store } = this.app;
		fill(this.body, this.table.element);
		const sort = store.get("sort", "-share"), down = sort.startsWith("-");
		const column = this.table.columns.find((c) => c.id === sort.replace(/^-/, "")) ?? this.table.columns[0];
		const re = pattern(store.get("q"));
		/** @type {number[]} */
		let rows = this.answer.rows.place.map((/** @type {number} */ _, /** @type {number} */ i) => i);
		if (re) rows = rows.filter((r) => re.test(this.text(r, "name")));
		if (column.key) rows = sorted(rows, column.key, down);
		this.table.setRows(rows, { column: column.id, down });
		this.note.textContent = `${fmt.count(rows.length)} functions`;
	}

	hide() {
		this.asker.stop();
	}
}

/** Widths of the combined graph: each side's share, so that ranges of any length compare.
 * @param {any} nodes */
function sum(nodes) {
	/** @type {Record<string, number[]>} */
	const out = {};
	for (const u of ["n", "ns"]) {
		const scale = nodes[`total_${u}_a`][0] && nodes[`total_${u}_b`][0] ? nodes[`total_${u}_b`][0] / nodes[`total_${u}_a`][0] : 1;
		for (const what of ["self", "total"])
			out[`${what}_${u}`] = nodes[`${what}_${u}_a`].map((/** @type {number} */ v, /** @type {number} */ i) => (v * scale + nodes[`${what}_${u}_b`][i]) / 2);
	}
	return out;
}

/** One side alone. @param {any} nodes @param {"a" | "b"} s */
function side(nodes, s) {
	return {
		...nodes,
		self_n: nodes[`self_n_${s}`], total_n: nodes[`total_n_${s}`],
		self_ns: nodes[`self_ns_${s}`], total_ns: nodes[`total_ns_${s}`],
	};
}

/** @param {number} x */
function signed(x) {
	if (Math.abs(x) < 0.000005) return "0";
	return `${x > 0 ? "+" : x < 0 ? "−" : ""}${fmt.percent(Math.abs(x))}`;
}

/** @param {string} kind @param {string} words */
function legend(kind, words) {
	return h("span", { class: "legend-item" }, h("i", { class: `swatch ${kind}` }), words);
}
