// table.js - self and total by function, line, file, module, thread or wait; sortable,
// filtered as one types, linked with the flame graph both ways.

import { Asker } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import * as fmt from "../base/format.js";
import { query } from "../base/state.js";
import { sorted, VirtualTable } from "../base/vlist.js";
import { pattern } from "../flame/search.js";
import { showMenu } from "./popups.js";
import { escapeRegex } from "./flameview.js";

/** @typedef {import("../app.js").App} App */

const BY = ["function", "line", "file", "module", "thread", "wait"];

export class TableView {
	/** @param {App} app @param {import("./flameview.js").FlameView | null} [beside] the graph in a split */
	constructor(app, beside = null) {
		this.app = app;
		this.beside = beside;
		this.asker = new Asker();
		/** @type {any} */
		this.data = null;
		this.most = { self: 1, total: 1 };
		this.key = "";
		this.by = h("div", { class: "group", role: "group", "aria-label": "Rows are" }, BY.map((by) =>
			h("button", { class: "button", "data-by": by, onclick: () => app.store.set({ by: by === "function" ? null : by }) }, by)));
		this.filter = h("input", {
			class: "field", type: "search", placeholder: "Filter: regex", "aria-label": "Filter the rows by regex", spellcheck: "false",
			oninput: () => app.store.set({ q: this.filter.value || null }, { replace: true }),
		});
		this.note = h("span", { class: "faint" });
		/** @type {import("../base/vlist.js").Column[]} */
		const columns = [
			{ id: "self", title: "Self", help: "Time in the function itself", num: true, width: beside ? "118px" : "190px", narrow: "76px", key: (r) => this.col("self")[r], cell: (r) => this.bar("self", r) },
			{ id: "total", title: "Total", help: "With everything it calls", num: true, width: beside ? "118px" : "190px", narrow: "76px", key: (r) => this.col("total")[r], cell: (r) => this.bar("total", r) },
			{ id: "name", title: "Name", width: "minmax(130px, 1.4fr)", narrow: "minmax(0, 1fr)", key: (r) => this.name(r), cell: (r) => this.nameCell(r) },
		];
		if (!beside) columns.push({ id: "where", title: "Where", width: "minmax(120px, 2fr)", narrow: "", key: (r) => this.where(r), cell: (r) => h("span", { class: "mono soft", title: this.where(r) }, this.where(r)) });
		this.table = new VirtualTable(columns, {
			chosen: (r) => this.chosen(r),
			menu: (r, x, y) => this.menu(r, x, y),
			sorted: (column, down) => app.store.set({ sort: `${down ? "-" : ""}${column}` }, { replace: true }),
		}, { label: "Functions by time" });
		this.empty = h("div", { class: "empty", hidden: true }, h("b", null, "No samples"), h("span", null, "Nothing in this range passes the filters."));
		this.element = h("div", { class: "table-pane" },
			h("div", { class: "flame-bar" }, beside ? h("b", null, "Functions") : [h("div", { class: "search" }, this.filter), this.by], h("span", { class: "spring" }), this.note),
			this.empty, this.table.element);
	}

	/** @param {"self" | "total"} what @returns {number[]} */
	col(what) {
		return this.data.rows[`${what}_${this.app.unit}`];
	}

	get all() {
		return this.data[`all_${this.app.unit}`] || 1;
	}

	/** @param {number} r @param {string} field */
	text(r, field) {
		const { strings, places, rows } = this.data;
		return strings[places[field][rows.place[r]]];
	}

	/** @param {number} r */
	name(r) {
		const by = this.byNow;
		return (by === "file" ? this.text(r, "file") : by === "module" ? this.text(r, "module") : "") || this.text(r, "name") || "(unknown)";
	}

	/** @param {number} r */
	where(r) {
		const file = this.text(r, "file");
		const line = this.data.rows.line[r] || this.data.places.first_line[this.data.rows.place[r]];
		return file && this.byNow !== "file" ? file + (line ? `:${line}` : "") : this.text(r, "module");
	}

	/** @param {number} r */
	nameCell(r) {
		const library = this.data.places.flags[this.data.rows.place[r]] & 3;
		const line = this.byNow === "line" && this.data.rows.line[r];
		return h("span", { class: library ? "mono soft" : "mono", title: `${this.name(r)}\n${this.where(r)}` }, this.name(r), line ? h("span", { class: "faint" }, ` :${line}`) : null);
	}

	/** A number over a bar of its share. @param {"self" | "total"} what @param {number} r */
	bar(what, r) {
		const v = this.col(what)[r], share = v / this.all;
		const fillBar = h("i", { class: `share ${what}` });
		fillBar.style.width = `${(100 * v) / this.most[what]}%`;
		return h("span", { class: "bar" }, fillBar, h("span", { class: "bar-text" }, this.beside ? null : h("span", { class: "soft" }, this.app.value(v)), h("b", null, fmt.percent(share))));
	}

	get byNow() {
		return this.beside ? "function" : this.app.store.get("by", "function");
	}

	/** @param {string[]} keys */
	changed(keys) {
		if (keys.includes("by") && !this.beside) this.refresh(false).catch((e) => this.app.fail(e));
		else if (keys.some((k) => ["q", "sort", "unit", "by"].includes(k))) this.show();
	}

	/** @param {boolean} _live */
	async refresh(_live) {
		const by = this.byNow;
		const answer = await this.asker.ask("table", query(this.app.store, { extra: { by, max_rows: 100000 } }));
		if (!answer) return;
		this.data = answer;
		this.show();
	}

	/** Bars are drawn against the longest of their column. */
	measure() {
		const largest = (/** @type {number[]} */ v) => v.reduce((m, x) => Math.max(m, x), 1);
		this.most = { self: largest(this.col("self")), total: largest(this.col("total")) };
	}

	show() {
		const { store } = this.app;
		for (const b of this.by.querySelectorAll("button")) b.setAttribute("aria-pressed", b.dataset.by === this.byNow ? "true" : "false");
		if (document.activeElement !== this.filter) this.filter.value = store.get("q");
		if (!this.data) return;
		this.empty.hidden = this.data.rows.place.length > 0;
		this.measure();
		const sort = store.get("sort", "-self"), down = sort.startsWith("-"), id = sort.replace(/^-/, "");
		const re = pattern(store.get("q"));
		const n = this.data.rows.place.length;
		/** @type {number[]} */
		let rows = Array.from({ length: n }, (_, i) => i);
		if (re) rows = rows.filter((r) => re.test(this.name(r)) || re.test(this.where(r)));
		const column = this.table.columns.find((c) => c.id === id) ?? this.table.columns[0];
		if (column.key) rows = sorted(rows, column.key, down);
		const chosen = this.table.selected >= 0 ? this.key : "";
		this.table.setRows(rows, { column: column.id, down });
		if (chosen) this.table.select(this.findKey(chosen), { quiet: true });
		this.note.textContent = `${fmt.count(rows.length)}${re ? ` of ${fmt.count(n)}` : ""} rows${this.data.trimmed ? `, ${fmt.count(this.data.trimmed)} lighter ones left out` : ""}`;
	}

	/** @param {string} key */
	findKey(key) {
		for (let r = 0; r < this.data.rows.place.length; r++) if (`${this.name(r)}\n${this.where(r)}` === key) return r;
		return -1;
	}

	/** @param {string} name @param {string} file */
	showFunction(name, file) {
		if (!this.data) return;
		for (let r = 0; r < this.data.rows.place.length; r++)
			if (this.text(r, "name") === name && this.text(r, "file") === file) {
				this.key = `${name}\n${this.where(r)}`;
				return this.table.select(r, { quiet: true, reveal: true });
			}
	}

	/** @param {number} r */
	chosen(r) {
		this.key = `${this.name(r)}\n${this.where(r)}`;
		const { store } = this.app, by = this.byNow;
		if (this.beside) store.set({ q: `^${escapeRegex(this.text(r, "name"))}$` }, { replace: true });
		else if (by === "file") store.set({ view: "source", file: this.text(r, "file"), line: null });
		else if (by === "thread") store.set({ thread: this.name(r).replace(/ \(\d+\)$/, ""), view: "flame" });
		else if (by === "wait") store.set({ wait: this.name(r), view: "flame" });
		else if (by === "module") store.set({ module: this.name(r), view: "flame" });
		else this.sandwich(r);
	}

	/** @param {number} r */
	sandwich(r) {
		const first = this.data.places.first_line[this.data.rows.place[r]];
		this.app.store.set({ view: this.beside ? "both" : "flame", fn: this.text(r, "name"), fn_file: this.text(r, "file") || null, fn_line: first ? String(first) : null, zoom: null });
	}

	/** @param {number} r @param {number} x @param {number} y */
	menu(r, x, y) {
		const { store } = this.app, name = this.text(r, "name"), file = this.text(r, "file");
		showMenu(this.name(r), [
			name !== "" && { label: "Callers and callees (sandwich)", act: () => this.sandwich(r) },
			name !== "" && { label: "Find in the flame graph", act: () => store.set({ view: "flame", q: `^${escapeRegex(name)}$` }) },
			name !== "" && { label: "Only stacks with it", act: () => store.set({ function: `^${escapeRegex(name)}$` }) },
			file !== "" && { label: "Source", act: () => store.set({ view: "source", file, line: String(this.data.rows.line[r] || this.data.places.first_line[this.data.rows.place[r]]) }) },
		], x, y);
	}

	retheme() {}

	hide() {
		this.asker.stop();
	}
}
