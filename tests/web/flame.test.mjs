// flame.test.mjs - tree, layout and search of the flame graph, without a page.
import assert from "node:assert/strict";
import test from "node:test";
import { depthBelow, MIN_WIDTH, neighbour, nodeAt, visit } from "../../web/src/flame/layout.js";
import { pattern, search } from "../../web/src/flame/search.js";
import { bigTree, treeOf } from "./fixtures.mjs";

const LINES = ["a;b;c 3", "a;b 1", "a;d 4", "e 2"];
const names = (t) => Array.from({ length: t.n }, (_, i) => t.name(i));

test("nodes get their place from the preorder alone", () => {
	const t = treeOf(LINES);
	assert.deepEqual(names(t), ["", "a", "b", "c", "d", "e"]);
	assert.deepEqual([...t.parent], [0, 0, 1, 2, 1, 0]);
	assert.deepEqual([...t.end], [6, 5, 4, 4, 5, 6]);
	assert.deepEqual([...t.x], [0, 0, 0, 0, 4, 8]);
	assert.deepEqual(t.rows.map((r) => [...r]), [[0], [1, 5], [2, 4], [3]]);
});

test("the same path has the same hash in another answer, another path another", () => {
	const a = treeOf(LINES), b = treeOf(["a;b;c 1", "z 9"]);
	assert.equal(a.hash[3], b.hash[names(b).indexOf("c")]);
	assert.equal(b.find(a.hash[3]), names(b).indexOf("c"));
	assert.equal(new Set(a.hash).size, a.n);
	assert.equal(b.find(a.hash[5]), -1);
});

test("every pixel of a row is a box or dust, and nothing overlaps", () => {
	const t = bigTree(20000);
	for (const [v0, v1] of [[0, t.total[0]], [t.total[0] * 0.3, t.total[0] * 0.31]]) {
		for (let depth = 0; depth <= t.maxDepth; depth++) {
			/** @type {[number, number][]} */ const spans = [];
			visit(t, depth, v0, v1, 1000, (i, x, w) => {
				assert.ok(w >= MIN_WIDTH);
				assert.equal(t.depth[i], depth);
				spans.push([x, x + w]);
			}, (x, w) => spans.push([x, x + w]));
			spans.sort((a, b) => a[0] - b[0]);
			for (let k = 1; k < spans.length; k++) assert.ok(spans[k][0] >= spans[k - 1][1] - 1.01, `row ${depth}`);
			const scale = 1000 / (v1 - v0);
			for (const i of t.rows[depth]) {
				const x = (t.x[i] - v0) * scale, w = t.total[i] * scale;
				if (x + w <= 0.5 || x >= 999.5) continue;
				const middle = Math.min(999, Math.max(0, x + w / 2));
				assert.ok(spans.some(([a, b]) => a <= middle + 1.01 && middle <= b + 1.01), `node ${i} is seen`);
			}
		}
	}
});

test("drawing looks at what is seen, not at all nodes", () => {
	const t = bigTree(100000);
	let calls = 0;
	for (let depth = 0; depth <= t.maxDepth; depth++) visit(t, depth, 0, t.total[0], 1200, () => calls++, () => calls++);
	assert.ok(calls < 1200 * (t.maxDepth + 1) && calls < t.n / 2, `${calls} of ${t.n}`);
});

test("a point finds the node under it and nothing in a gap", () => {
	const t = treeOf(LINES);
	assert.equal(t.name(nodeAt(t, 1, 7.9)), "a");
	assert.equal(t.name(nodeAt(t, 1, 8)), "e");
	assert.equal(nodeAt(t, 3, 3.5), -1);
	assert.equal(nodeAt(t, 9, 0), -1);
});

test("arrow keys walk to parent, heaviest child and neighbours", () => {
	const t = treeOf(LINES);
	assert.equal(neighbour(t, 3, "parent"), 2);
	assert.equal(t.name(neighbour(t, 1, "child")), "b");
	assert.equal(t.name(neighbour(t, 0, "child")), "a");
	assert.equal(t.name(neighbour(t, 2, "right")), "d");
	assert.equal(t.name(neighbour(t, 2, "left")), "b");
	assert.equal(depthBelow(t, 1), 3);
});

test("search counts nested matches once", () => {
	const t = treeOf(["f;f;g 3", "f;h 2", "g 5"]);
	const found = /** @type {any} */ (search(t, pattern("^f$")));
	assert.equal(found.weight, 5);
	assert.equal(found.nodes.length, 2);
	assert.equal(/** @type {any} */ (search(t, pattern("g"))).weight, 8);
});

test("a pattern that is no regex is searched as text, and capitals matter when typed", () => {
	const t = treeOf(["f( 1", "Foo 2", "foo 4"]);
	for (const [text, weight] of /** @type {[string, number][]} */ ([["f(", 1], ["foo", 6], ["Foo", 2], ["^fo+$", 6]]))
		assert.equal(search(t, pattern(text))?.weight, weight, text);
	assert.equal(search(t, pattern("")), null);
});
