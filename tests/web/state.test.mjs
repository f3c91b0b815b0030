// state.test.mjs - what the address says, numbers as text, tables and memory bins.
import assert from "node:assert/strict";
import test from "node:test";
import * as fmt from "../../web/src/base/format.js";
import { changed, differing, parse, query, serialize, Store } from "../../web/src/base/state.js";
import { sorted } from "../../web/src/base/vlist.js";
import { oklch, packageOf } from "../../web/src/flame/color.js";
import { bin, common } from "../../web/src/views/memory-bins.js";
import { stateWord } from "../../web/src/views/states.js";

/** A window with a history, enough for Store. @param {string} search */
function fakeWindow(search) {
	const win = /** @type {any} */ ({
		location: { search, pathname: "/" }, steps: [search], at: 0, listeners: [],
		addEventListener: (/** @type {string} */ _, /** @type {() => void} */ fn) => win.listeners.push(fn),
		history: {
			pushState: (/** @type {any} */ _a, /** @type {any} */ _b, /** @type {string} */ url) => {
				win.steps.splice(++win.at, 99, url.slice(1));
				win.location.search = url.slice(1);
			},
			replaceState: (/** @type {any} */ _a, /** @type {any} */ _b, /** @type {string} */ url) => {
				win.steps[win.at] = win.location.search = url.slice(1);
			},
		},
		back: () => {
			win.location.search = win.steps[--win.at];
			for (const fn of win.listeners) fn();
		},
	});
	return win;
}

test("the address goes to state and back unchanged", () => {
	for (const text of ["", "?view=flame&from=-15minutes&pid=1&pid=2&function=%5Ea%26b%3D%24", "?q=%3Cscript%3E"]) {
		assert.equal(serialize(parse(text)), text);
		assert.deepEqual(parse(serialize(parse(text))), parse(text));
	}
});

test("changes replace, lists add, null removes", () => {
	const s = changed(parse("?a=1&b=2"), { a: null, b: ["3", "4"], c: "5" });
	assert.deepEqual(s, { b: ["3", "4"], c: ["5"] });
	assert.deepEqual(differing(parse("?a=1&b=2"), s).sort(), ["a", "b", "c"]);
});

test("back restores the state before and tells who listens", () => {
	const win = fakeWindow("?view=flame"), store = new Store(win);
	/** @type {string[][]} */ const told = [];
	store.subscribe((keys) => told.push(keys));
	store.set({ zoom: "abc" });
	store.set({ zoom: "def" });
	store.set({ zoom: "def" });
	store.set({ q: "x" }, { replace: true });
	assert.equal(win.steps.length, 3);
	win.back();
	assert.equal(store.get("zoom"), "abc");
	assert.deepEqual(told, [["zoom"], ["zoom"], ["q"], ["zoom", "q"]]);
});

test("a brushed part replaces the window in questions, but not for the timeline", () => {
	const store = new Store(fakeWindow("?from=-1h&until=now&sel=1000~2000&state=cpu&color=self"));
	assert.equal(query(store), "from=1.000000&until=2.000000&state=cpu");
	assert.equal(query(store, { window: true, extra: { max_buckets: 9 } }), "from=-1h&until=now&state=cpu&max_buckets=9");
});

test("numbers read as people write them", () => {
	/** @type {[string, string][]} */
	const rows = [
		[fmt.count(1234567), "1\u2009234\u2009567"], [fmt.duration(999), "999 ns"], [fmt.duration(1.5e6), "1.50 ms"],
		[fmt.duration(61.4e9), "61.4 s"], [fmt.duration(3599e9), "59 min 59 s"], [fmt.duration(90000e9), "1 d 01 h"],
		[fmt.bytes(1536), "1.50 KiB"], [fmt.bytes(12), "12 B"], [fmt.percent(0.123456), "12.3 %"], [fmt.percent(1), "100 %"],
		[fmt.percent(1.4378), "144 %"], [fmt.percent(0.00001), "<0.01 %"], [fmt.cpu(0), "0 %"], [fmt.cpu(0.0001), "<0.1 %"], [fmt.cpu(1.5), "150 %"],
		[fmt.several(0.5, "threads"), "50 %"], [fmt.several(3.41, "threads"), "3.4 threads"],
		[fmt.shortCommand("/opt/venv/bin/python3.11 /opt/venv/bin/gunicorn -w 4 app"), "gunicorn -w 4 app"], [fmt.shortCommand("/usr/bin/python3 -m http.server"), "python3 -m http.server"],
		[fmt.shortCommand("python3"), "python3"], [fmt.shortCommand("python3 -u -W error /srv/app.py 4"), "app.py 4"], [fmt.shortCommand("python3 -c 1"), "python3 -c 1"], [fmt.shortCommand("/usr/sbin/uwsgi --ini x"), "uwsgi --ini x"], [fmt.shortCommand(""), ""], [fmt.percent(0), "0 %"], [fmt.percent(NaN), "–"], [fmt.timeParam(1500), "1.5"],
	];
	for (const [is, should] of rows) assert.equal(is, should);
});

test("rows sort both ways and keep their order where equal", () => {
	const key = (/** @type {number} */ r) => [3, 1, 3, 2][r];
	assert.deepEqual(sorted([0, 1, 2, 3], key, true), [0, 2, 3, 1]);
	assert.deepEqual(sorted([0, 1, 2, 3], key, false), [1, 3, 0, 2]);
});

test("a spike of memory survives in its bin, and processes add up", () => {
	const p = { series: [1, 1, 1, 2, 2], time_ms: [0, 1, 10, 0, 10], rss: [10, 90, 20, 5, 5], stack: [0, 1, -1, 0, 0] };
	const [a, b] = bin(p, 0, 10, 2);
	assert.deepEqual([a.max, a.mean, b.max, b.mean], [95, 55, 25, 25]);
	assert.deepEqual(a.stacks, [0, 1, 0]);
	assert.equal(common(["m;a;b", "m;a;c"]), "m › a");
});

test("packages are found in paths where there is no module", () => {
	/** @type {[string, string, string][]} */
	const rows = [
		["a.b.c", "/x.py", "a"], ["", "/usr/lib/python3/dist-packages/yaml/__init__.py", "yaml"],
		["", "/usr/lib/python3.12/json/decoder.py", "json"], ["", "<string>", "<string>"], ["", "", ""],
	];
	for (const [module, file, pack] of rows) assert.equal(packageOf(module, file), pack);
});

test("a part of a line is found in its text by bytes", () => {
	/** @type {[string, number, number, number, [number, number]][]} */
	const rows = [["a = f(x)", 4, 0, 8, [4, 8]], ['"gr\u00f6\u00dfe", f(x)', 11, 0, 15, [9, 13]], ["\ud83d\ude00 + b", 7, 0, 8, [5, 6]], ["f(a,", 0, 2, 3, [0, 4]], ["short", 90, 0, 95, [5, 5]]];
	for (const [text, column, more, end_column, wanted] of rows) assert.deepEqual(fmt.textRange(text, { line: 5, end_line: 5 + more, column, end_column }), wanted, text);
});

test("states have one word, the most telling", () => {
	assert.deepEqual([1 | 4 | 16, 2 | 8, 1 | 4, 1, 2, 2 | 32].map(stateWord), ["gc", "gil_wait", "gil", "cpu", "idle", "exc"]);
});

test("colours stay within what screens show", () => {
	assert.equal(oklch(1, 0, 0), "rgb(255,255,255)");
	assert.equal(oklch(0, 0, 0), "rgb(0,0,0)");
	assert.match(oklch(0.7, 0.3, 150), /^rgb\(\d{1,3},\d{1,3},\d{1,3}\)$/);
});
