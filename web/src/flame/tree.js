// tree.js - a call tree in columns, as the API sends it (see README.md), made ready to draw:
// where each node begins, which nodes lie in a row, and a number that finds the same node
// again in the next answer.

import { shortCommand } from "../base/format.js";

/**
 * @typedef {object} TreeData what /api/v1/flamegraph answers
 * @property {number} [from_ms]
 * @property {number} [until_ms]
 * @property {number} [trimmed]
 * @property {boolean} [inverted]
 * @property {Record<string, number[]>} nodes
 * @property {string[]} strings
 * @property {Record<string, number[]>} places
 */

/** Bits of places.flags. */
export const LIBRARY = 1, NATIVE = 2, MARK = 4, TASK = 8;

export class Tree {
	/**
	 * @param {TreeData} data
	 * @param {"n" | "ns"} unit
	 * @param {string} [nodes] which member holds the nodes
	 */
	constructor(data, unit, nodes = "nodes") {
		const columns = /** @type {any} */ (data)[nodes];
		const n = columns.depth.length;
		this.n = n;
		this.unit = unit;
		this.data = data;
		this.strings = data.strings;
		this.places = data.places;
		this.depth = Uint16Array.from(columns.depth);
		this.place = Uint32Array.from(columns.place);
		this.line = Uint32Array.from(columns.line);
		this.self = Float64Array.from(columns[`self_${unit}`]);
		this.total = Float64Array.from(columns[`total_${unit}`]);
		this.columns = columns;
		this.parent = new Uint32Array(n);
		this.end = new Uint32Array(n);
		this.x = new Float64Array(n);
		/** @type {Uint32Array[]} nodes by depth, left to right */
		this.rows = [];
		this.hash = new Uint32Array(n);
		this.arrange();
	}

	arrange() {
		/** @type {number[]} */ const open = [];
		/** @type {number[][]} */ const rows = [];
		const cursor = new Float64Array(70000);
		const names = this.placeHashes();
		for (let i = 0; i < this.n; i++) {
			const d = this.depth[i];
			while (open.length > d) this.end[/** @type {number} */ (open.pop())] = i;
			const parent = d > 0 ? open[d - 1] : 0;
			this.parent[i] = parent;
			this.x[i] = i ? cursor[d - 1] : 0;
			if (i) cursor[d - 1] += this.total[i];
			cursor[d] = this.x[i];
			this.hash[i] = i ? mix(this.hash[parent], names[this.place[i]] ^ this.line[i]) : 1;
			open.push(i);
			(rows[d] ??= []).push(i);
		}
		for (const i of open) this.end[i] = this.n;
		this.rows = rows.map((row) => Uint32Array.from(row));
	}

	placeHashes() {
		const p = this.places;
		const texts = Uint32Array.from(this.strings, textHash);
		return Uint32Array.from(p.name, (name, i) =>
			mix(mix(texts[name], texts[p.file[i]]), p.first_line[i]));
	}

	/** @param {number} i */
	name(i) {
		return this.strings[this.places.name[this.place[i]]];
	}

	/** The name as a person calls it: a group's process without folder and interpreter.
	 * @param {number} i */
	label(i) {
		const name = this.name(i), group = this.depth[i] === 1 && this.flags(i) & MARK ? name.match(/^(\d+) (\S.*)$/s) : null;
		return group ? `${group[1]} ${shortCommand(group[2])}` : name;
	}

	/** @param {number} i */
	file(i) {
		return this.strings[this.places.file[this.place[i]]];
	}

	/** @param {number} i */
	module(i) {
		return this.strings[this.places.module[this.place[i]]];
	}

	/** @param {number} i */
	firstLine(i) {
		return this.places.first_line[this.place[i]];
	}

	/** @param {number} i */
	flags(i) {
		return this.places.flags[this.place[i]];
	}

	/** "file:line", or "". @param {number} i */
	where(i) {
		const line = this.line[i] || this.firstLine(i);
		return this.file(i) ? this.file(i) + (line ? `:${line}` : "") : "";
	}

	/** From the root to i. @param {number} i */
	path(i) {
		const out = [i];
		while (i) out.push((i = this.parent[i]));
		return out.reverse();
	}

	/** The node with this hash, or -1. @param {number} hash */
	find(hash) {
		return hash ? this.hash.indexOf(hash) : -1;
	}

	get maxDepth() {
		return this.rows.length - 1;
	}
}

/** @param {string} text */
export function textHash(text) {
	let h = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
	return h >>> 0;
}

/** @param {number} a @param {number} b never 0, which means none */
function mix(a, b) {
	let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ b;
	h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
	h ^= h >>> 13;
	return h >>> 0 || 1;
}
