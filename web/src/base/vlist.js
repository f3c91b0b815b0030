// vlist.js - a table of any length of which only the rows in sight exist.

import { h, fill } from "./dom.js";

/**
 * @typedef {object} Column
 * @property {string} id
 * @property {string} title
 * @property {string} [help]
 * @property {boolean} [num] right-aligned; sorts downwards first
 * @property {string} width of the grid: "90px", "minmax(120px, 1fr)"
 * @property {string} [narrow] the same on a phone; "": not shown there
 * @property {(row: number) => import("./dom.js").Child} cell
 * @property {(row: number) => number | string} [key] what it is sorted by
 */

/**
 * @typedef {object} Events
 * @property {(row: number) => void} [chosen] click or Enter
 * @property {(row: number) => void} [selected] moved to by keys or click
 * @property {(row: number, x: number, y: number) => void} [menu]
 * @property {(column: string, down: boolean) => void} [sorted]
 */

const SPARE = 6;

export class VirtualTable {
	/** @param {Column[]} columns @param {Events} events @param {{ label: string, rowHeight?: number }} how */
	constructor(columns, events, how) {
		this.columns = columns;
		this.events = events;
		this.rowHeight = how.rowHeight ?? 26;
		/** @type {Uint32Array} the rows in the order shown */
		this.order = new Uint32Array(0);
		this.selected = -1;
		this.sort = { column: "", down: true };
		this.head = h("div", { class: "vt-head", role: "row" });
		this.layer = h("div", { class: "vt-layer", role: "rowgroup" });
		this.spacer = h("div", { class: "vt-spacer" }, this.layer);
		this.scroller = h("div", { class: "vt-scroll", tabindex: "0" }, this.spacer);
		this.element = h("div", { class: "vt", role: "grid", "aria-label": how.label }, this.head, this.scroller);
		this.element.style.setProperty("--columns", columns.map((c) => c.width).join(" "));
		this.element.style.setProperty("--columns-narrow", columns.map((c) => c.narrow ?? c.width).join(" "));
		this.scroller.addEventListener("scroll", () => this.draw());
		this.scroller.addEventListener("keydown", (e) => this.key(e));
		new ResizeObserver(() => this.draw()).observe(this.scroller);
		this.first = this.last = -1;
	}

	/** @param {Uint32Array | number[]} order @param {{ column: string, down: boolean }} sort */
	setRows(order, sort) {
		this.order = Uint32Array.from(order);
		this.sort = sort;
		this.element.setAttribute("aria-rowcount", String(this.order.length));
		this.spacer.style.height = `${this.order.length * this.rowHeight}px`;
		fill(this.head, this.columns.map((c) => this.heading(c)));
		this.first = -1;
		this.draw();
	}

	/** @param {Column} c */
	heading(c) {
		const on = this.sort.column === c.id;
		return h("div", { role: "columnheader", class: cellClass(c, ""), "aria-sort": on ? (this.sort.down ? "descending" : "ascending") : null },
			c.key
				? h("button", { class: "vt-sort", title: c.help ?? null, onclick: () => this.events.sorted?.(c.id, on ? !this.sort.down : Boolean(c.num)) },
					c.title, h("span", { class: "vt-arrow", "aria-hidden": "true" }, on ? (this.sort.down ? "▾" : "▴") : ""))
				: c.title);
	}

	draw() {
		const top = this.scroller.scrollTop, height = this.scroller.clientHeight;
		const first = Math.max(0, Math.floor(top / this.rowHeight) - SPARE);
		const last = Math.min(this.order.length, Math.ceil((top + height) / this.rowHeight) + SPARE);
		if (first === this.first && last === this.last) return;
		this.first = first;
		this.last = last;
		this.layer.style.transform = `translateY(${first * this.rowHeight}px)`;
		const rows = [];
		for (let k = first; k < last; k++) rows.push(this.row(k));
		this.layer.replaceChildren(...rows);
	}

	/** @param {number} k position */
	row(k) {
		const row = this.order[k];
		const el = h("div", {
			class: "vt-row", role: "row", "aria-rowindex": k + 1, "aria-selected": row === this.selected ? "true" : "false",
			onclick: () => {
				this.select(row);
				this.events.chosen?.(row);
			},
			oncontextmenu: (/** @type {MouseEvent} */ e) => {
				if (!this.events.menu) return;
				e.preventDefault();
				this.select(row);
				this.events.menu(row, e.clientX, e.clientY);
			},
		});
		for (const c of this.columns) el.append(h("div", { role: "gridcell", class: cellClass(c, "cut") }, c.cell(row)));
		return el;
	}

	/** @param {number} row @param {{ quiet?: boolean, reveal?: boolean }} [how] */
	select(row, how = {}) {
		this.selected = row;
		const k = this.order.indexOf(row);
		if (how.reveal && k >= 0) {
			const top = k * this.rowHeight, s = this.scroller;
			if (top < s.scrollTop) s.scrollTop = top;
			if (top + this.rowHeight > s.scrollTop + s.clientHeight) s.scrollTop = top + this.rowHeight - s.clientHeight;
		}
		this.first = -1;
		this.draw();
		if (!how.quiet && row >= 0) this.events.selected?.(row);
	}

	/** @param {KeyboardEvent} e */
	key(e) {
		const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.rowHeight) - 1);
		/** @type {Record<string, number>} */
		const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -1e9, End: 1e9 };
		const at = this.order.indexOf(this.selected);
		if (e.key === "Enter" && at >= 0) {
			e.preventDefault();
			this.events.chosen?.(this.selected);
		} else if ((e.key === "ContextMenu" || (e.key === "F10" && e.shiftKey)) && at >= 0 && this.events.menu) {
			e.preventDefault();
			const box = this.scroller.getBoundingClientRect();
			this.events.menu(this.selected, box.left + 40, box.top + (at + 1) * this.rowHeight - this.scroller.scrollTop);
		} else if (e.key in steps && this.order.length) {
			e.preventDefault();
			const next = Math.min(this.order.length - 1, Math.max(0, (at < 0 ? -1 : at) + steps[e.key]));
			this.select(this.order[next], { reveal: true });
		}
	}
}

/** @param {Column} c @param {string} otherwise */
function cellClass(c, otherwise) {
	return `${c.num ? "num" : otherwise}${c.narrow === "" ? " wide-only" : ""}`;
}

/**
 * Row numbers in order of a key, stable.
 * @param {number[]} rows @param {(row: number) => number | string} key @param {boolean} down
 */
export function sorted(rows, key, down) {
	const keys = new Map(rows.map((r) => [r, key(r)]));
	return rows.slice().sort((a, b) => {
		const x = /** @type {any} */ (keys.get(a)), y = /** @type {any} */ (keys.get(b));
		const order = x < y ? -1 : x > y ? 1 : 0;
		return (down ? -order : order) || a - b;
	});
}
