// fixtures.mjs - trees for the tests of layout and search.
import { Tree } from "../../web/src/flame/tree.js";

/**
 * "a;b 3" lines to what /api/v1/flamegraph answers.
 * @param {string[]} lines
 */
export function answerOf(lines) {
	const root = { name: "", self: 0, total: 0, kids: new Map() };
	for (const line of lines) {
		const [, path, n] = /** @type {string[]} */ (line.match(/^(.*) (\d+)$/));
		let at = root;
		at.total += Number(n);
		for (const name of path.split(";")) {
			if (!at.kids.has(name)) at.kids.set(name, { name, self: 0, total: 0, kids: new Map() });
			at = at.kids.get(name);
			at.total += Number(n);
		}
		at.self += Number(n);
	}
	const strings = [""], names = new Map([["", 0]]);
	/** @type {Record<string, number[]>} */
	const nodes = { depth: [], place: [], line: [], self_n: [], total_n: [], self_ns: [], total_ns: [] };
	const places = { name: [0], file: [0], module: [0], first_line: [0], flags: [0] };
	const walk = (/** @type {any} */ node, /** @type {number} */ depth) => {
		if (!names.has(node.name)) {
			names.set(node.name, strings.length);
			strings.push(node.name);
			places.name.push(strings.length - 1);
			for (const key of ["file", "module", "first_line", "flags"]) places[key].push(0);
		}
		nodes.depth.push(depth);
		nodes.place.push(names.get(node.name));
		nodes.line.push(0);
		for (const u of ["n", "ns"]) {
			nodes[`self_${u}`].push(node.self);
			nodes[`total_${u}`].push(node.total);
		}
		for (const kid of [...node.kids.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) walk(kid, depth + 1);
	};
	walk(root, 0);
	return { nodes, strings, places };
}

/** @param {string[]} lines */
export const treeOf = (lines) => new Tree(answerOf(lines), "n");

/** Lines of a tree of about n nodes, repeatable: a wide one with deep twigs. @param {number} n */
export function bigLines(n) {
	let seed = 42;
	const random = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) / 2 ** 32;
	const lines = [];
	for (let made = 0; made < n; ) {
		const path = [];
		const depth = 3 + Math.floor(random() * 30);
		for (let d = 0; d < depth; d++) path.push(`f${Math.floor(random() ** 3 * (d < 4 ? 6 : 40))}_${d}`);
		lines.push(`${path.join(";")} ${1 + Math.floor(random() * 9)}`);
		made += depth * 0.82;
	}
	return lines;
}

/** @param {number} n */
export const bigTree = (n) => new Tree(answerOf(bigLines(n)), "n");
