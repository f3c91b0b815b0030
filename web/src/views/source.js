// source.js - the lines of one file with their heat. Where the text may not be read, the
// lines that were seen are listed without it, with the reason. Below a line that is chosen
// (or the hottest) come its parts, where the version knows which part was executed.

import { Asker } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import * as fmt from "../base/format.js";
import { query } from "../base/state.js";
import { heatColor } from "./heat.js";

/** @typedef {import("../app.js").App} App */

const LINE = 20, MOST_PARTS = 12;

export class SourceView {
	/** @param {App} app */
	constructor(app) {
		this.app = app;
		this.asker = new Asker();
		/** @type {any} */
		this.data = null;
		this.title = h("code", { class: "cut" });
		this.note = h("span", { class: "soft" });
		this.lines = h("div", { class: "src-lines", role: "table", "aria-label": "Lines with their time" });
		this.map = h("canvas", { class: "src-map", "aria-hidden": "true" });
		this.scroller = h("div", { class: "src-scroll", tabindex: "0", "aria-label": "The file's lines" },
			h("div", { class: "src-line src-head", "aria-hidden": "true" }, h("span", { class: "num" }, "Self"), h("span", { class: "num" }, "Total"), h("span", { class: "num" }, "Line"), h("span", null, "")), this.lines);
		this.element = h("div", { class: "source" },
			h("div", { class: "flame-bar" }, h("button", { class: "button", onclick: () => history.back() }, "← Back"), this.title, h("span", { class: "spring" }), this.note),
			h("div", { class: "src-body" }, this.scroller, this.map));
		this.map.addEventListener("click", (e) => {
			this.scroller.scrollTop = (e.offsetY / this.map.clientHeight) * this.scroller.scrollHeight - this.scroller.clientHeight / 2;
		});
		this.shown = "";
	}

	/** @param {string[]} keys */
	changed(keys) {
		if (keys.includes("file")) this.refresh().catch((e) => this.app.fail(e));
		else if (keys.includes("line") || keys.includes("unit")) this.show();
	}

	retheme() {
		this.show();
	}

	async refresh() {
		const file = this.app.store.get("file");
		this.title.textContent = file;
		if (!file) return;
		const answer = await this.asker.ask("source", query(this.app.store, { extra: { file } }));
		if (!answer) return;
		this.data = answer;
		this.show();
	}

	show() {
		const d = this.data;
		if (!d) return;
		const { unit } = this.app;
		/** @type {Map<number, any[]>} */
		const parts = new Map();
		for (const p of d.parts) parts.set(p.line, [...(parts.get(p.line) ?? []), p]);
		/** @type {Map<number, { self: number, total: number, names: string[] }>} */
		const heat = new Map();
		for (const l of d.lines) {
			const at = heat.get(l.line) ?? { self: 0, total: 0, names: [] };
			at.self += l[`self_${unit}`];
			at.total += l[`total_${unit}`];
			at.names.push(l.function);
			heat.set(l.line, at);
		}
		const most = Math.max(1, ...[...heat.values()].map((v) => v.total)), all = d[`all_${unit}`] || 1;
		const text = typeof d.text === "string" ? d.text.split("\n") : null;
		const numbers = text ? text.map((/** @type {string} */ _, /** @type {number} */ i) => i + 1) : [...heat.keys()].sort((a, b) => a - b);
		this.note.textContent = text ? `${fmt.count(numbers.length)} lines, ${heat.size} seen` : [d.no_text, d.hint].filter(Boolean).join(" — ");
		const top = this.scroller.scrollTop;
		const hot = [...heat].sort((a, b) => b[1].self - a[1].self)[0]?.[0] || 1, open = Number(this.app.store.get("line")) || hot;
		fill(this.lines, numbers.map((/** @type {number} */ n) => [
			this.line(n, text ? text[n - 1] : (heat.get(n)?.names ?? []).join(", "), heat.get(n), most, all, text === null),
			text && n === open && this.parts(text[n - 1], parts.get(n) ?? [], all, heat.get(n)?.self ?? 0),
		]));
		this.drawMap(numbers, heat, most);
		const want = `${d.file}:${this.app.store.get("line")}`;
		if (want !== this.shown) this.reveal(open);
		else this.scroller.scrollTop = top;
		this.shown = want;
	}

	/** @param {number} n @param {string} text @param {{ self: number, total: number, names: string[] } | undefined} at @param {number} most @param {number} all @param {boolean} list */
	line(n, text, at, most, all, list) {
		const el = h("div", {
			class: at?.total ? "src-line seen" : "src-line", role: "row", "data-line": n, "data-key": at?.total ? `line ${n}` : null, title: at ? at.names.join(", ") : null,
			tabindex: at?.total ? "0" : null, onclick: at?.total ? () => this.choose(n) : null,
			onkeydown: at?.total ? (/** @type {KeyboardEvent} */ e) => e.key === "Enter" && this.choose(n) : null,
		},
			h("span", { class: "num src-n", role: "cell" }, at?.self ? fmt.percent(at.self / all) : ""),
			h("span", { class: "num src-n soft", role: "cell" }, at?.total ? fmt.percent(at.total / all) : ""),
			h("span", { class: "num src-no", role: "rowheader" }, n),
			h("code", { class: list ? "soft" : null, role: "cell" }, text || " "));
		if (at?.total) el.style.background = heatColor(Math.sqrt(at.total / most) * 0.45, this.app.dark);
		if (String(n) === this.app.store.get("line")) el.classList.add("chosen");
		return el;
	}

	/** @param {number} line */
	choose(line) {
		this.shown = `${this.data.file}:${line}`; // it is where the eyes are
		this.app.store.set({ line: String(line) }, { replace: true });
	}

	/** What of a line was executed, the most first: marks below the text, and their shares.
	 * @param {string} text @param {any[]} parts @param {number} all @param {number} self of the line */
	parts(text, parts, all, self) {
		const { unit } = this.app;
		/** @type {Map<string, { from: number, to: number, more: number, self: number, total: number }>} */
		const rows = new Map();
		for (const p of parts) {
			const [from, to] = fmt.textRange(text, p), key = `${from} ${to} ${p.end_line}`;
			const row = rows.get(key) ?? { from, to, more: p.end_line - p.line, self: 0, total: 0 };
			row.self += p[`self_${unit}`];
			row.total += p[`total_${unit}`];
			rows.set(key, row);
		}
		const list = [...rows.values()].filter((r) => r.total > 0 && r.to > r.from).sort((a, b) => b.total - a.total || b.self - a.self);
		const row = (/** @type {number} */ own, /** @type {number} */ total, /** @type {string} */ words, /** @type {import("../base/dom.js").Leaf[]} */ ...code) =>
			h("div", { class: "src-line src-part", role: "row", title: `${words}: self ${fmt.percent(own / all)}, total ${fmt.percent(total / all)}` },
				h("span", { class: "num src-n", role: "cell" }, own ? fmt.percent(own / all) : ""),
				h("span", { class: "num src-n soft", role: "cell" }, fmt.percent(total / all)),
				h("span", { class: "src-no", role: "cell" }, ""),
				h("code", { role: "cell", "aria-label": words }, code));
		const shown = list.slice(0, MOST_PARTS).map((r) => {
			const words = text.slice(r.from, r.to), lines = r.more ? ` and ${r.more} ${r.more === 1 ? "line" : "lines"} more` : "";
			return row(r.self, r.total, words + lines, text.slice(0, r.from).replace(/\S/gu, " "), h("mark", null, words), r.more ? " …" : "");
		});
		const rest = self - list.reduce((sum, r) => sum + r.self, 0);
		if (list.length && rest > all / 10000) shown.push(row(rest, rest, "not known which part", h("i", { class: "faint" }, text.replace(/\S.*/su, ""), "not known which part")));
		return shown;
	}

	/** @param {number[]} numbers @param {Map<number, { total: number }>} heat @param {number} most */
	drawMap(numbers, heat, most) {
		const w = (this.map.width = 14), hgt = (this.map.height = Math.max(100, this.map.clientHeight || 400));
		const c = /** @type {CanvasRenderingContext2D} */ (this.map.getContext("2d"));
		numbers.forEach((n, i) => {
			const at = heat.get(n);
			if (!at) return;
			c.fillStyle = heatColor(0.25 + 0.75 * Math.sqrt(at.total / most), this.app.dark);
			c.fillRect(0, (i / numbers.length) * hgt, w, Math.max(2, hgt / numbers.length));
		});
	}

	/** @param {number} line */
	reveal(line) {
		const el = this.lines.querySelector(`[data-line="${line}"]`);
		if (el instanceof HTMLElement) this.scroller.scrollTop = el.offsetTop - this.scroller.clientHeight / 2 + LINE;
	}

	hide() {
		this.asker.stop();
	}
}
