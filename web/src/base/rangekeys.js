// rangekeys.js - a stretch of time chosen by keyboard, on a picture made of cells of equal
// time: arrows move a cursor, with Shift they stretch it, Enter chooses, Escape clears.

import { h, setText } from "./dom.js";

/** @typedef {[number, number]} Range first and last moment, ms */

/**
 * @typedef {object} Cells
 * @property {() => { from: number, step: number, n: number } | null} grid first moment, length of a cell (ms), cells
 * @property {Record<string, () => number>} moves key: by how many cells
 * @property {() => Range | null} chosen what is chosen already: the cursor begins there
 * @property {(at: Range | null) => string} look shows the cursor or none; what a screen reader says
 * @property {(range: Range | null) => void} choose Enter, or null: Escape
 */

export class RangeKeys {
	/** @param {HTMLElement} el what has the focus @param {Cells} cells */
	constructor(el, cells) {
		this.cells = cells;
		/** @type {Range | null} the cursor: where its stretch began and where it is, beginnings of cells */
		this.ends = null;
		this.voice = h("span", { class: "offscreen", role: "status" });
		el.addEventListener("focus", () => this.voice.isConnected || el.after(this.voice)); // there before it speaks
		el.addEventListener("keydown", (e) => this.key(e));
		el.addEventListener("pointerdown", () => this.drop());
		el.addEventListener("blur", () => this.drop());
	}

	/** The cursor's stretch. @returns {Range | null} */
	get range() {
		const g = this.cells.grid();
		return this.ends && g && [Math.min(...this.ends), Math.max(...this.ends) + g.step];
	}

	drop() {
		if (!this.ends) return;
		this.ends = null;
		this.cells.look(null);
	}

	/** @param {KeyboardEvent} e */
	key(e) {
		const g = this.cells.grid(), { chosen, choose, moves } = this.cells, range = this.range;
		if (!g?.n || e.ctrlKey || e.metaKey || e.altKey) return;
		if (e.key === "Enter" && range) {
			this.drop();
			choose(range);
			setText(this.voice, "Chosen.");
		} else if (e.key === "Escape" && (range || chosen())) {
			this.drop();
			if (chosen()) choose(null);
			setText(this.voice, "Cleared.");
		} else if (e.key in moves) this.move(e.key, e.shiftKey, g);
		else return;
		e.preventDefault();
		e.stopPropagation();
	}

	/** @param {string} key @param {boolean} stretch @param {{ from: number, step: number, n: number }} g */
	move(key, stretch, g) {
		const old = this.cells.chosen(), middle = g.from + Math.floor(g.n / 2) * g.step;
		const [began, at] = this.ends ?? (old ? [old[0], old[1] - g.step] : [middle, middle]);
		const cell = Math.round((at - g.from) / g.step) + this.cells.moves[key]();
		const to = g.from + Math.max(0, Math.min(g.n - 1, cell)) * g.step;
		this.ends = [stretch ? began : to, to];
		setText(this.voice, this.cells.look(this.range));
	}
}
