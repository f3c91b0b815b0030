// search.js - regex over function, file and module; how much of the whole matches, counting
// nested matches once.

/** @typedef {import("./tree.js").Tree} Tree */

/** A pattern as typed: a regex, or the plain text where it is not one. Case is ignored
 * unless there is a capital letter.
 * @param {string} text @returns {RegExp | null} */
export function pattern(text) {
	if (!text) return null;
	const flags = /[A-Z]/.test(text) ? "u" : "iu";
	try {
		return new RegExp(text, flags);
	} catch {
		return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), flags);
	}
}

/**
 * @param {Tree} tree @param {RegExp | null} re
 * @returns {{ hit: Uint8Array, nodes: number[], weight: number } | null}
 */
export function search(tree, re) {
	if (!re) return null;
	const { strings, places } = tree;
	const texts = strings.map((s) => (re.test(s) ? 1 : 0));
	const byPlace = Uint8Array.from(places.name, (name, i) =>
		places.flags[i] & 4 ? texts[name] : texts[name] | texts[places.file[i]] | texts[places.module[i]]);
	const hit = new Uint8Array(tree.n);
	const nodes = [];
	let weight = 0, covered = 0;
	for (let i = 1; i < tree.n; i++) {
		if (!byPlace[tree.place[i]]) continue;
		hit[i] = 1;
		nodes.push(i);
		if (i < covered) continue;
		weight += tree.total[i];
		covered = tree.end[i];
	}
	return { hit, nodes, weight };
}
