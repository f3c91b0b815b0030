// layout.js - which boxes of a tree a screen shows. Pure arithmetic: no canvas, no page.
//
// A row of a wide tree may hold a hundred thousand nodes and a screen a thousand pixels:
// each row is entered by binary search and left as soon as the view ends, and nodes too
// narrow to draw are stepped over by searching for the next pixel, not one by one.

/** @typedef {import("./tree.js").Tree} Tree */

/** Boxes narrower than this are not drawn one by one but as dust. */
export const MIN_WIDTH = 1;

/**
 * First index in a row whose node ends after x.
 * @param {Tree} tree @param {Uint32Array} row @param {number} x @param {number} [from]
 */
export function firstAt(tree, row, x, from = 0) {
	let low = from, high = row.length;
	while (low < high) {
		const mid = (low + high) >> 1;
		if (tree.x[row[mid]] + tree.total[row[mid]] > x) high = mid;
		else low = mid + 1;
	}
	return low;
}

/**
 * Calls box(node, left, width) for nodes of a row that can be seen, and dust(left, width)
 * for stretches of those that are too narrow. left and width in pixels.
 * @param {Tree} tree
 * @param {number} depth
 * @param {number} v0 left edge of the view, in weight
 * @param {number} v1 right edge
 * @param {number} width pixels
 * @param {(node: number, left: number, width: number) => void} box
 * @param {(left: number, width: number) => void} dust
 */
export function visit(tree, depth, v0, v1, width, box, dust) {
	const row = tree.rows[depth];
	const scale = width / (v1 - v0);
	if (!row || !(scale > 0) || !Number.isFinite(scale)) return;
	let dust0 = 0, dust1 = -1;
	let k = firstAt(tree, row, v0);
	while (k < row.length) {
		const left = (tree.x[row[k]] - v0) * scale;
		const w = tree.total[row[k]] * scale;
		if (left >= width) break;
		if (w >= MIN_WIDTH) {
			box(row[k++], left, w);
			continue;
		}
		if (left > dust1 + 0.5) {
			if (dust1 >= 0) dust(dust0, dust1 - dust0);
			dust0 = left;
		}
		k = gallop(tree, row, v0 + (Math.floor(left) + 1) / scale, k + 1);
		dust1 = (tree.x[row[k - 1]] + tree.total[row[k - 1]] - v0) * scale;
	}
	if (dust1 >= 0) dust(dust0, Math.max(dust1 - dust0, 0.5));
}

/**
 * As firstAt, when the answer is likely to be near `from`.
 * @param {Tree} tree @param {Uint32Array} row @param {number} x @param {number} from
 */
function gallop(tree, row, x, from) {
	let step = 1, low = from;
	while (low + step < row.length && tree.x[row[low + step]] + tree.total[row[low + step]] <= x) {
		low += step;
		step *= 2;
	}
	let high = Math.min(row.length, low + step);
	while (low < high) {
		const mid = (low + high) >> 1;
		if (tree.x[row[mid]] + tree.total[row[mid]] > x) high = mid;
		else low = mid + 1;
	}
	return low;
}

/**
 * The node at a point of a row, or -1.
 * @param {Tree} tree @param {number} depth @param {number} x in weight
 */
export function nodeAt(tree, depth, x) {
	const row = tree.rows[depth];
	if (!row) return -1;
	const k = firstAt(tree, row, x);
	return k < row.length && tree.x[row[k]] <= x ? row[k] : -1;
}

/**
 * Rows that hold anything within the view: how high the picture must be.
 * @param {Tree} tree @param {number} node zoomed on
 */
export function depthBelow(tree, node) {
	let deepest = tree.depth[node];
	for (let i = node + 1; i < tree.end[node]; i++) if (tree.depth[i] > deepest) deepest = tree.depth[i];
	return deepest;
}

/**
 * The neighbour of a node for the arrow keys, or the node itself.
 * @param {Tree} tree @param {number} node @param {"parent" | "child" | "left" | "right"} where
 */
export function neighbour(tree, node, where) {
	if (where === "parent") return tree.parent[node];
	if (where === "child") return heaviestChild(tree, node);
	const row = tree.rows[tree.depth[node]];
	const k = row.indexOf(node) + (where === "left" ? -1 : 1);
	return row[k] ?? node;
}

/** @param {Tree} tree @param {number} node */
function heaviestChild(tree, node) {
	let best = node, weight = -1;
	for (let i = node + 1; i < tree.end[node]; i = tree.end[i])
		if (tree.total[i] > weight) {
			weight = tree.total[i];
			best = i;
		}
	return best;
}
