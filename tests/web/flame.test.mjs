// flame.test.mjs - tree, layout and search of the flame graph, without a page.
import assert from "node:assert/strict";
import test from "node:test";
import { Colors } from "../../web/src/flame/color.js";
import { depthBelow, MIN_WIDTH, neighbour, nodeAt, visit } from "../../web/src/flame/layout.js";
import { BACK, BESIDE } from "../../web/src/flame/paint.js";
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

test("every ink stands out from its box, 4.5 to 1, also where it is paler and on boxes that step back", () => {
	const rgb = (/** @type {string} */ s) => (s[0] === "#" ? [1, 3, 5].map((i) => parseInt(s.slice(i, i + 2), 16)) : (s.match(/\d+/g) ?? []).map(Number));
	const light = (/** @type {number[]} */ c) => [0.2126, 0.7152, 0.0722].reduce((sum, w, i) => sum + w * (c[i] <= 10 ? c[i] / 255 / 12.92 : ((c[i] / 255 + 0.055) / 1.055) ** 2.4), 0);
	const over = (/** @type {number[]} */ a, /** @type {number[]} */ b, /** @type {number} */ share) => a.map((v, i) => v * share + b[i] * (1 - share));
	const ratio = (/** @type {number[]} */ a, /** @type {number[]} */ b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
	for (const dark of [false, true]) {
		const colors = new Colors(dark), panel = rgb(dark ? "#14171e" : "#ffffff"), steps = (/** @type {number} */ n) => Array.from({ length: n + 1 }, (_, k) => k / n);
		const paints = [
			...Array.from({ length: 14 * 5 * 3 }, (_, k) => colors.packagePaint(`pack${Math.floor(k / 15)}`, k % 5, Math.floor(k / 5) % 3)),
			...steps(10).map((t) => colors.heat(t)), ...steps(6).flatMap((t) => [colors.diffPaint(25, 0.15 * t, 6 * t), colors.diffPaint(145, 0.15 * t, 6 * t)]),
			...["cpu", "gil", "gil_wait", "idle", "gc", "exc", "native"].flatMap((state) => steps(4).map((t) => colors.state(state, t))),
			colors.diffPaint(205, 0.11, 0), colors.diffPaint(310, 0.13, 0), ...[0.04, 0.015, 0.01, 0.006].map((c) => colors.grey(c)),
		];
		for (const { fill, ink } of paints)
			for (const [box, share] of /** @type {[number[], number][]} */ ([[rgb(fill), BESIDE], [over(rgb(fill), panel, 0.55), BACK], [over(rgb(fill), panel, 0.3), BACK]]))
				assert.ok(ratio(over(rgb(ink), box, share), box) >= 4.5, `${ink} on ${fill}, ${dark ? "dark" : "light"}, ${share}: ${ratio(over(rgb(ink), box, share), box)}`);
	}
});
