// browser.test.mjs - the page in a real Chromium on a real recording: what is on the screen
// is what the API says, and the API what the store holds.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { audit } from "./audit.mjs";
import { browserPath, here, pystrobe, Site } from "./site.mjs";

const skip = browserPath ? false : "no Chromium: apt-get install chromium";
const site = new Site();
/** A finished part of the recording: from= and until= in seconds. */
let range = "";

before(async () => {
	if (skip) return;
	await site.start();
	const status = await site.until("status", (s) => s.until_ms - s.from_ms > 4000);
	range = `from=${Math.ceil(status.from_ms / 1000)}&until=${Math.floor(status.until_ms / 1000) - 1}`;
});

after(async () => {
	if (!skip) await site.end();
});

/** @param {any} data @param {string} name */
const totalOf = (data, name) => {
	const { nodes, places, strings } = data;
	for (let i = 0; i < nodes.depth.length; i++)
		if (strings[places.name[nodes.place[i]]] === name) return nodes.total_n[i];
	return 0;
};

/** Where a frame of that name is on the screen. @param {any} page @param {string} name */
const frameAt = (page, name) => page.waitForFunction((/** @type {string} */ wanted) => {
	const flame = window.pystrobe.view.flame, t = flame.tree;
	if (!t || flame.glide.on) return null;
	for (let i = 1; i < t.n; i++)
		if (t.name(i) === wanted) {
			const box = flame.canvas.getBoundingClientRect(), scale = flame.width / (flame.v1 - flame.v0);
			return { x: box.left + (t.x[i] + t.total[i] / 2 - flame.v0) * scale, y: box.top + flame.rowTop(t.depth[i]) + 9 };
		}
	return null;
}, name).then((/** @type {any} */ handle) => handle.jsonValue());

const ready = (/** @type {any} */ page) => page.waitForFunction(() => window.pystrobe?.view?.flame?.tree && !window.pystrobe.refreshing);

test("the API says what the store holds, in every format of it", { skip }, async () => {
	const flame = await site.api(`flamegraph?${range}`), table = await site.api(`table?${range}`);
	const folded = await (await fetch(new URL(`/folded?${range}`, site.url))).text();
	const sum = folded.trim().split("\n").reduce((n, line) => n + Number(line.match(/ (\d+)$/)?.[1] ?? 0), 0);
	assert.ok(sum > 0);
	assert.equal(flame.nodes.total_n[0], sum);
	assert.equal(table.all_n, sum);
	const lanes = await site.api(`threads?${range}`);
	assert.equal(lanes.lanes.reduce((/** @type {number} */ n, /** @type {any} */ l) => n + l.n.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0), 0), sum);
});

test("the same filter gives the same totals everywhere", { skip }, async () => {
	const filter = `${range}&thread=MainThread&state=cpu`;
	const flame = await site.api(`flamegraph?${filter}`), table = await site.api(`table?${filter}`);
	assert.ok(flame.nodes.total_n[0] > 0);
	assert.equal(table.all_n, flame.nodes.total_n[0]);
	const timeline = await site.api(`timeline?${filter}`);
	const match = timeline.rows[0].match_n.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + (b ?? 0), 0);
	assert.ok(Math.abs(match - table.all_n) <= table.all_n * 0.1, `${match} and ${table.all_n}: buckets begin before the range`);
});

test("errors are JSON with a sentence", { skip }, async () => {
	for (const [path, status] of /** @type {[string, number][]} */ ([["table?nonsense=1", 400], ["flamegraph?from=whenever", 400], ["nowhere", 404], ["table?function=%5B", 400], ["export?format=nope", 400], ["table?max_rows=x", 400]])) {
		const answer = await fetch(new URL(`/api/v1/${path}`, site.url));
		assert.equal(answer.status, status, path);
		assert.match((await answer.json()).error, /\w+ \w+/, path);
	}
});

test("other sites, other hosts and changes without JSON are refused", { skip }, async () => {
	const ask = (/** @type {string[]} */ ...args) => spawnSync("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", ...args, `${site.url}api/v1/status`], { encoding: "utf8" }).stdout;
	assert.equal(ask(), "200");
	assert.equal(ask("-H", "Host: evil.example"), "421");
	assert.equal(ask("-H", "Origin: http://evil.example"), "403");
	assert.equal(ask("-H", "Sec-Fetch-Site: cross-site"), "403");
	assert.equal(ask("-X", "DELETE"), "405");
	const post = (/** @type {any} */ init) => fetch(new URL("/api/v1/attach", site.url), { method: "POST", ...init }).then((r) => r.status);
	assert.equal(await post({ body: '{"pid":1}' }), 415);
	assert.equal(await post({ body: "{", headers: { "Content-Type": "application/json" } }), 400);
	assert.equal(await post({ body: `{"pid":1,"x":"${"y".repeat(70000)}"}`, headers: { "Content-Type": "application/json" } }), 413);
});

test("clients that do not read, and those that ask too much, stop nobody", { skip }, async () => {
	const sockets = [];
	const send = (/** @type {string} */ text) => new Promise((resolve) => {
		const socket = connect(Number(site.port), "127.0.0.1", () => socket.write(text, () => resolve(socket)));
		socket.on("error", () => {});
		sockets.push(socket);
	});
	for (let i = 0; i < 12; i++) (await send("GET /api/v1/export?format=speedscope&from=start HTTP/1.1\r\nHost: localhost\r\n\r\n")).pause();
	await send("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nX-Never: ends"); // a header that never ends
	const before = await site.api("status");
	assert.ok((await site.api(`flamegraph?${range}`)).nodes.total_n[0] > 0);
	await site.until("status", (s) => s.until_ms > before.until_ms + 1500);
	for (const s of sockets) s.destroy();
	const large = await send(`GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nX-Large: ${"x".repeat(200000)}\r\n\r\n`);
	const answer = await new Promise((resolve) => {
		let said = "";
		large.on("data", (/** @type {Buffer} */ d) => (said += d)).on("close", () => resolve(said));
	});
	assert.match(String(answer), /^(HTTP\/1.1 (431|413|400) |$)/);
	const many = Array.from({ length: 60 }, (_, i) => `a${i}=1`).join("&");
	assert.equal((await fetch(new URL(`/api/v1/table?${many}`, site.url))).status, 400);
	assert.equal((await fetch(new URL("/api/v1/status", site.url))).status, 200);
});

test("every view shows without a complaint, light and dark, and hostile names are text", { skip }, async () => {
	for (const colorScheme of ["light", "dark"]) {
		const page = await site.page({ colorScheme });
		for (const view of ["overview", "flame", "both", "table", "threads", "memory", "heat", "diff", "attach"]) {
			await site.open(page, `?view=${view}&${range}&charts=1`);
			await page.waitForFunction(() => window.pystrobe && !window.pystrobe.refreshing && document.querySelector(".tl-item b"));
			assert.equal(await page.locator(".problem").isVisible(), false, `${view}: ${await page.locator(".problem").textContent()}`);
		}
		for (const [q, text] of [["onerror", '<img src=x onerror="window.hacked=1">'], ["turned", "</script><script>window.hacked=1</script>"], ["long", "<b>long</b>xxxxxx"]]) {
			await site.open(page, `?view=table&${range}&q=${q}`);
			await page.locator(".vt-row", { hasText: text }).first().waitFor();
		}
		await site.open(page, `?view=overview&${range}&by_label=note`);
		await page.locator(".group-head", { hasText: "<script>window.hacked=1</script>" }).waitFor();
		for (const view of ["flame", "threads"]) {
			await site.open(page, `?view=${view}&${range}&q=long`);
			await page.waitForFunction(() => window.pystrobe && !window.pystrobe.refreshing);
			await page.mouse.move(400, 400);
			assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), view);
		}
		assert.equal(await page.evaluate(() => window.hacked), undefined);
		assert.deepEqual(page.problems, []);
		await page.context().close();
	}
});

test("text stands out from what lies behind it, and none is cut off, also on a phone", { skip }, async () => {
	for (const [width, height, colorScheme] of /** @type {[number, number, string][]} */ ([[1280, 800, "dark"], [390, 844, "light"]])) {
		const page = await site.page({ colorScheme, viewport: { width, height } });
		await page.addInitScript(() => {
			const { fillText } = CanvasRenderingContext2D.prototype, /** @type {number[]} */ widths = (window.laneLabels = []);
			CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
				if (x === 13) widths.push(x + this.measureText(text).width);
				fillText.call(this, text, x, y);
			};
		});
		const file = encodeURIComponent(`${here}/target.py`);
		for (const view of ["overview", "flame&charts=1", "flame&fn=leaf_hot", "both", "table", "threads", "memory", "heat", "diff", `source&file=${file}`, "attach"]) {
			await site.open(page, `?view=${view}&${range}`);
			await page.waitForFunction(() => window.pystrobe && !window.pystrobe.refreshing && document.querySelector(".tl-item b"));
			if (view === "overview") await page.keyboard.press("?");
			assert.deepEqual(await page.evaluate(audit), [], `${view}, ${width}, ${colorScheme}`);
			if (view === "threads") {
				await page.waitForFunction(() => window.laneLabels.length > 0);
				assert.ok(await page.evaluate(() => Math.max(...window.laneLabels) <= window.pystrobe.view.left - 8), "labels of lanes fit");
			}
		}
		await page.goto(new URL("/api/v1/", site.url).href);
		assert.deepEqual(await page.evaluate(audit), [], "API");
		await page.context().close();
	}
});

test("lanes and rows are chosen, and their menus opened, by keyboard", { skip }, async () => {
	const page = await site.open(await site.page(), `?view=threads&${range}`);
	await page.waitForFunction(() => window.pystrobe?.view?.data && !window.pystrobe.refreshing);
	await page.locator(".lanes").focus();
	for (const key of ["ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
	const name = await page.evaluate(() => window.pystrobe.view.data.lanes[1].name);
	assert.equal((await page.locator(".menu .title").textContent()).trim(), name.trim());
	await page.locator(".menu button", { hasText: "Only this thread" }).press("Enter");
	await page.waitForFunction((/** @type {string} */ thread) => new URLSearchParams(location.search).get("thread") === thread, name);
	await site.open(page, `?view=table&${range}&q=%5Eleaf_hot%24`);
	await page.locator(".vt-row").first().waitFor();
	await page.locator(".vt-scroll").focus();
	for (const key of ["ArrowDown", "Shift+F10"]) await page.keyboard.press(key);
	assert.equal(await page.locator(".menu .title").textContent(), "leaf_hot");
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test("the processes are there at once, and the keyboard keeps its place while they change", { skip }, async () => {
	const page = await site.open(await site.page(), `?${range}`);
	await page.locator(".target", { hasText: "target.py" }).waitFor();
	await page.waitForFunction(() => !window.pystrobe.refreshing);
	assert.equal(await page.locator(".empty").count(), 0);
	await site.open(page, "?from=-1h");
	await page.locator("button.target").first().focus();
	const draws = await page.evaluate(() => window.pystrobe.live.generation);
	await page.waitForFunction((/** @type {number} */ g) => window.pystrobe.live.generation > g + 1 && !window.pystrobe.refreshing, draws);
	assert.match(await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? ""), /target\.py, process \d+: CPU/);
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test("the table shows the API's numbers", { skip }, async () => {
	const page = await site.open(await site.page(), `?view=table&${range}&unit=samples&sort=-total&q=%5Eleaf_hot%24`);
	await page.locator(".vt-row").first().waitFor();
	const data = await site.api(`table?${range}&by=function&max_rows=100000`);
	const row = data.rows.place.findIndex((/** @type {number} */ p) => data.strings[data.places.name[p]] === "leaf_hot");
	const cells = await page.locator(".vt-row").first().locator("[role=gridcell]").allTextContents();
	const share = (data.rows.total_n[row] / data.all_n) * 100;
	assert.ok(cells[1].replace(/\u2009/g, "").startsWith(String(data.rows.total_n[row])), cells[1]);
	assert.ok(cells[1].includes(share.toFixed(share < 10 ? 2 : 1)), `${cells[1]}, ${share}`);
	await page.context().close();
});

test("the source shows which part of a line was executed, with the API's share", { skip }, async () => {
	const file = `${here}/target.py`, text = readFileSync(file, "utf8").split("\n");
	const line = text.findIndex((l) => l.includes("parts of one line")) + 1;
	const query = `${range}&file=${encodeURIComponent(file)}`;
	const data = await site.api(`source?${query}`), parts = data.parts.filter((/** @type {any} */ p) => p.line === line);
	const hot = parts.find((/** @type {any} */ p) => Buffer.from(text[line - 1]).subarray(p.column, p.end_column).toString() === "leaf_hot()");
	const { targets } = await site.api("targets");
	const [, minor] = /** @type {string} */ (targets[0].labels.python).split(".").map(Number);
	const page = await site.open(await site.page(), `?view=source&unit=samples&${query}`);
	await page.locator(`[data-line="${line}"]`).focus();
	await page.keyboard.press("Enter");
	await page.waitForURL(new RegExp(`line=${line}`));
	if (minor < 11) assert.deepEqual([parts.length, await page.locator(".src-part").count()], [0, 0]);
	else {
		const row = page.locator(".src-part", { has: page.locator("mark", { hasText: /^leaf_hot\(\)$/ }) });
		await row.waitFor();
		const share = (hot.total_n / data.all_n) * 100;
		assert.ok((await row.locator(".src-n").nth(1).textContent()).includes(share.toFixed(share < 10 ? 2 : 1)), String(share));
		const marked = await row.locator("mark").boundingBox(), code = await page.locator(`[data-line="${line}"] code`).boundingBox();
		assert.ok(marked.x > code.x && marked.x + marked.width <= code.x + code.width);
		await page.route("**/api/v1/source?*", async (/** @type {any} */ route) => { // half of all time in code that has no columns
			const answer = await route.fetch(), lines = data.lines.map((/** @type {any} */ l) => (l.line === line ? { ...l, self_n: data.all_n / 2 } : l));
			await route.fulfill({ response: answer, json: { ...data, lines } });
		});
		await page.reload();
		const rest = 50 - (parts.reduce((/** @type {number} */ n, /** @type {any} */ p) => n + p.self_n, 0) / data.all_n) * 100;
		await page.locator(".src-part", { hasText: "not known which part" }).locator(".src-n").first().filter({ hasText: rest.toFixed(1) }).waitFor();
	}
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test("a known window is asked for without waiting for the status, then whole", { skip }, async () => {
	const page = await site.page(), /** @type {string[]} */ asked = [];
	/** @type {(url: string) => void} */
	let tell = () => {};
	const first = new Promise((go) => (tell = go));
	page.on("request", (/** @type {any} */ r) => {
		if (!r.url().includes("/api/v1/flamegraph?")) return;
		asked.push(r.url());
		tell(r.url());
	});
	await page.route("**/api/v1/status", async (/** @type {any} */ route) => {
		await first; // a page that waited would wait for ever
		await route.continue();
	});
	await site.open(page, `?view=flame&${range}`);
	await ready(page);
	assert.match(asked[0], /min_share=0\.000/);
	await page.waitForFunction(() => window.pystrobe.view.answer.trimmed === 0);
	const { nodes } = await site.api(`flamegraph?${range}`);
	assert.equal(await page.evaluate(() => window.pystrobe.view.flame.tree.n), nodes.depth.length);
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test("a click zooms, the path shows it, back undoes it, the link opens the same", { skip }, async () => {
	const page = await site.open(await site.page(), `?view=flame&${range}&unit=samples`);
	await ready(page);
	const at = await frameAt(page, "busy_parent");
	await page.mouse.click(at.x, at.y);
	await page.waitForURL(/zoom=/);
	assert.equal(await page.locator(".crumb[aria-current]").textContent(), "busy_parent");
	const linked = page.url();
	await page.goBack();
	await page.waitForFunction(() => window.pystrobe.view.flame.zoom === 0);
	const other = await site.page();
	await other.goto(linked);
	await ready(other);
	assert.equal(await other.locator(".crumb[aria-current]").textContent(), "busy_parent");
	await other.keyboard.press("Escape");
	await other.waitForFunction(() => window.pystrobe.view.flame.zoom === 0);
	assert.deepEqual([...page.problems, ...other.problems], []);
	await page.context().close();
	await other.context().close();
});

test("search says how much matches, as the API would", { skip }, async () => {
	const page = await site.open(await site.page(), `?view=flame&${range}&unit=samples`);
	await ready(page);
	await page.keyboard.press("/");
	await page.keyboard.type("^leaf_hot$");
	const data = await site.api(`flamegraph?${range}`);
	const share = (totalOf(data, "leaf_hot") / data.nodes.total_n[0]) * 100;
	await page.waitForFunction((/** @type {string} */ text) => document.querySelector(".matched")?.textContent?.startsWith(text), share.toFixed(share < 10 ? 2 : 1));
	assert.match(page.url(), /q=/);
	await page.context().close();
});

test("hovering tells self, total, percent and place", { skip }, async () => {
	const page = await site.open(await site.page(), `?view=flame&${range}&unit=samples`);
	await ready(page);
	const at = await frameAt(page, "leaf_hot");
	await page.mouse.move(at.x, at.y);
	await page.locator(".tip .name", { hasText: "leaf_hot" }).waitFor();
	const tip = await page.locator(".tip").textContent();
	const data = await site.api(`flamegraph?${range}`);
	assert.ok(tip.includes("target.py:"), tip);
	assert.ok(tip.replace(/\u2009/g, "").includes(`total${totalOf(data, "leaf_hot")}`), tip);
	await page.context().close();
});

test("sandwich shows callers above and callees below with true totals", { skip }, async () => {
	const page = await site.open(await site.page(), `?view=flame&${range}&unit=samples`);
	await ready(page);
	const at = await frameAt(page, "busy_parent");
	await page.mouse.click(at.x, at.y, { button: "right" });
	await page.getByRole("menuitem", { name: /sandwich/ }).click();
	await page.waitForURL(/fn=busy_parent/);
	await page.waitForFunction(() => window.pystrobe.view.above.tree?.n > 1 && !window.pystrobe.refreshing);
	const shown = await page.evaluate(() => [window.pystrobe.view.flame.tree.total[0], window.pystrobe.view.above.tree.total[0]]);
	const data = await site.api(`flamegraph?${range}`);
	assert.deepEqual(shown, [totalOf(data, "busy_parent"), totalOf(data, "busy_parent")]);
	await page.context().close();
});

test("brushing the timeline narrows everything, and can be undone", { skip }, async () => {
	const page = await site.open(await site.page(), `?view=flame&${range}&unit=samples`);
	await ready(page);
	const whole = await page.evaluate(() => window.pystrobe.view.flame.tree.total[0]);
	const box = await page.locator(".u-over").first().boundingBox();
	await page.mouse.move(box.x + box.width * 0.3, box.y + 30);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width * 0.45, box.y + 30, { steps: 4 });
	await page.mouse.move(box.x + box.width * 0.6, box.y + 30, { steps: 4 });
	await page.mouse.up();
	await page.waitForURL(/sel=/);
	await page.waitForFunction((/** @type {number} */ n) => window.pystrobe.view.flame.tree.total[0] < n && !window.pystrobe.refreshing, whole);
	const [a, b] = new URL(page.url()).searchParams.get("sel").split("~").map(Number);
	const part = await site.api(`flamegraph?from=${(a / 1000).toFixed(6)}&until=${(b / 1000).toFixed(6)}`);
	assert.equal(await page.evaluate(() => window.pystrobe.view.flame.tree.total[0]), part.nodes.total_n[0]);
	await page.keyboard.press("Escape");
	await page.waitForFunction((/** @type {number} */ n) => window.pystrobe.view.flame.tree.total[0] === n, whole);
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test("the keyboard selects on the strip and on the heat map as the mouse does, and says so", { skip }, async () => {
	const page = await site.open(await site.page(), `?view=heat&${range}&unit=samples`);
	const drawn = () => page.waitForFunction(() => window.pystrobe?.view?.data && window.pystrobe.timeline.data && window.pystrobe.view.sub.flame.tree && !window.pystrobe.refreshing);
	await drawn();
	const press = async (/** @type {string[]} */ ...keys) => { for (const k of keys) await page.keyboard.press(k); };
	const said = (/** @type {RegExp} */ words) => page.getByRole("status").filter({ hasText: words }).waitFor({ state: "attached" });
	const total = async (/** @type {string} */ key) => {
		const [a, b] = new URL(page.url()).searchParams.get(key).split("~").map(Number);
		const { nodes } = await site.api(`flamegraph?from=${(a / 1000).toFixed(6)}&until=${(b / 1000).toFixed(6)}`);
		await page.waitForFunction((/** @type {number} */ n) => (window.pystrobe.view.sub.flame.tree?.total[0] ?? 0) === n, nodes.total_n[0] ?? 0);
		return { a, b, n: nodes.total_n[0] };
	};
	const grid = await page.evaluate(() => ({ from: window.pystrobe.timeline.data.from_ms, step: window.pystrobe.timeline.data.bucket_ms }));
	await page.locator(".tl-body").focus();
	await press("Home", "ArrowRight", "ArrowRight", ...Array(9).fill("Shift+ArrowRight"), "Shift+ArrowLeft");
	await said(/ to .*CPU/);
	assert.ok(!page.url().includes("sel="), "a cursor is no selection yet");
	await press("Enter");
	await page.waitForURL(/sel=/);
	const strip = await total("sel");
	assert.deepEqual([strip.a, strip.b].map((t) => Math.round((t - grid.from) / grid.step)), [2, 11]);
	assert.ok(strip.n > 0);
	await press("Shift+End", "Enter");
	await page.waitForURL((/** @type {URL} */ u) => !u.search.includes(`${strip.b}`));
	const rest = await total("sel");
	assert.equal(rest.a, strip.a, "it begins where the selection began");
	assert.ok(rest.n >= strip.n);
	await press("Escape");
	await page.waitForURL((/** @type {URL} */ u) => !u.searchParams.has("sel"));
	await drawn();
	await page.locator(".heat-canvas").focus();
	await press("Home", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowUp");
	const cells = await page.evaluate(() => ({ from: window.pystrobe.view.data.from_ms, step: window.pystrobe.view.data.column_ms / window.pystrobe.view.data.n_rows, rows: window.pystrobe.view.data.n_rows }));
	await page.locator(".tip", { hasText: "of thread time in" }).waitFor();
	await said(/of thread time in/);
	await press("Enter");
	await page.waitForURL(/patch=/);
	const patch = await total("patch");
	assert.deepEqual([patch.a, patch.b].map((t) => Math.round((t - cells.from) / cells.step)), [1, cells.rows + 3]);
	assert.ok(patch.n > 0);
	await press("ArrowDown", "Escape");
	await page.waitForURL((/** @type {URL} */ u) => !u.searchParams.has("patch"));
	assert.equal(await page.locator(".tip").isVisible(), false);
	await press("?");
	await page.locator("dialog").getByText("stretch the cursor of the heat map or the strip").waitFor();
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test("two fingers stretch the graph and the strip, one brushes the strip, a tap zooms", { skip }, async () => {
	const page = await site.open(await site.page({ hasTouch: true, viewport: { width: 390, height: 844 } }), `?view=flame&${range}&unit=samples`);
	await ready(page);
	const cdp = await page.context().newCDPSession(page);
	const touch = (/** @type {string} */ type, /** @type {number[][]} */ points) => cdp.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
	const pinch = async (/** @type {number} */ x, /** @type {number} */ y) => {
		await touch("touchStart", [[x - 20, y]]);
		await touch("touchStart", [[x - 20, y], [x + 20, y]]);
		for (const d of [30, 45, 60]) await touch("touchMove", [[x - d, y], [x + d, y]]);
		await touch("touchEnd", []);
	};
	const box = await page.locator(".flame:visible").boundingBox(), strip = await page.locator(".u-over").first().boundingBox();
	const seen = () => page.evaluate(() => [window.pystrobe.view.flame.v0, window.pystrobe.view.flame.v1, window.pystrobe.view.flame.tree.total[0]]);
	await pinch(box.x + 195, box.y + 50);
	const [v0, v1, whole] = await seen();
	assert.ok(Math.abs((v1 - v0) / whole - 1 / 3) < 0.02, `${v0} ${v1} of ${whole}`);
	assert.ok(Math.abs((v0 + v1) / 2 / whole - 0.5) < 0.02, "the middle stays in the middle");
	assert.ok(!page.url().includes("zoom="), "stretching is no tap");
	await page.touchscreen.tap(box.x + 195, box.y + 30);
	await page.waitForURL(/zoom=/);
	await touch("touchStart", [[strip.x + 60, strip.y + 30]]);
	for (const x of [90, 120, 160]) await touch("touchMove", [[strip.x + x, strip.y + 30]]);
	await touch("touchEnd", []);
	await page.waitForURL(/sel=/);
	await pinch(strip.x + strip.width / 2, strip.y + 30);
	await page.waitForFunction(() => !new URLSearchParams(location.search).has("sel"));
	const now = new URL(page.url()).searchParams, old = new URLSearchParams(range);
	const span = (/** @type {URLSearchParams} */ p) => Number(p.get("until")) - Number(p.get("from"));
	assert.ok(Math.abs(span(now) / span(old) - 1 / 3) < 0.15, `${span(now)} of ${span(old)}`);
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test("an event of the strip is told at its mark", { skip }, async () => {
	const page = await site.open(await site.page(), "?view=flame&from=start");
	await ready(page);
	const [event] = (await site.api("events?from=start")).events;
	const at = await page.evaluate((/** @type {number} */ ms) => {
		const u = window.pystrobe.timeline.charts.get("cpu").plot, box = u.over.getBoundingClientRect();
		return { x: box.left + Math.max(1, u.valToPos(ms, "x")), y: box.top + 30 };
	}, event.time_ms);
	await page.mouse.move(at.x + 30, at.y);
	await page.mouse.move(at.x + 2, at.y);
	await page.locator(".tip .name", { hasText: new RegExp(`^(start|attach) ${site.target.pid}`) }).waitFor();
	await page.context().close();
});

test("a format of the export menu downloads the selection", { skip }, async () => {
	const page = await site.open(await site.page(), `?view=flame&${range}&unit=samples`);
	await ready(page);
	await page.getByRole("button", { name: "Export" }).click();
	const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: /folded/i }).first().click()]);
	const text = readFileSync(await download.path(), "utf8");
	const sum = text.trim().split("\n").reduce((n, line) => n + Number(line.match(/ (\d+)$/)?.[1] ?? 0), 0);
	assert.equal(sum, (await site.api(`flamegraph?${range}`)).nodes.total_n[0]);
	const formats = (await site.api("status")).formats;
	for (const f of formats) {
		const answer = await fetch(new URL(`/api/v1/export?format=${f.name}&${range}`, site.url));
		assert.equal(answer.status, 200, f.name);
		assert.ok((await answer.arrayBuffer()).byteLength > 50, f.name);
	}
	await page.context().close();
});

test("exported HTML opens by itself and shows the same total", { skip }, async () => {
	const html = await (await fetch(new URL(`/api/v1/export?format=html&${range}`, site.url))).text();
	const page = await site.page();
	await page.setContent(html);
	await page.locator(".details").getByText("100 %").first().waitFor();
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test("recording stops and starts from the page", { skip }, async () => {
	const page = await site.open(await site.page(), "?view=attach");
	const row = page.locator(".process", { hasText: String(site.target.pid) });
	await row.getByRole("button", { name: "Stop" }).click();
	await row.getByRole("button", { name: "Record" }).click();
	await row.getByRole("button", { name: "Stop" }).waitFor();
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test("live grows by itself, keeps zoom and search, pauses, and comes back after a restart", { skip }, async () => {
	const page = await site.open(await site.page(), "?view=flame&from=-1h&unit=samples&q=leaf");
	await ready(page);
	const at = await frameAt(page, "busy_parent");
	await page.mouse.click(at.x, at.y);
	await page.waitForURL(/zoom=/);
	const total = () => page.evaluate(() => window.pystrobe.view.flame.tree.total[0]);
	const grows = async (/** @type {number} */ n) => page.waitForFunction((/** @type {number} */ than) => window.pystrobe.view.flame.tree.total[0] > than, n);
	await grows(await total());
	assert.equal(await page.locator(".crumb[aria-current]").textContent(), "busy_parent");
	assert.match(await page.locator(".matched").textContent(), /%/);
	await page.getByRole("button", { name: "Live" }).click();
	await page.waitForFunction(() => window.pystrobe.live.state === "paused" && !window.pystrobe.refreshing);
	const generation = (await site.until("status", () => true)).until_ms;
	const paused = await total();
	await site.until("status", (s) => s.until_ms > generation + 1500);
	assert.equal(await total(), paused);
	await page.locator(".button.live").click();
	await grows(paused);
	await site.stop();
	await page.waitForFunction(() => window.pystrobe.live.state === "lost", null, { timeout: 30000 });
	await site.serve(`127.0.0.1:${site.port}`, []);
	await page.waitForFunction(() => window.pystrobe.live.state === "live", null, { timeout: 30000 });
	await grows(await total());
	await page.context().close();
});

test("a store that cannot be written is said on the page", { skip }, async () => {
	const page = await site.page();
	await page.route("**/api/v1/status", async (/** @type {any} */ route) => {
		const answer = await route.fetch();
		await route.fulfill({ response: answer, json: { ...(await answer.json()), writing: { failing: true, problem: "no space left on <b>the disk</b>" } } });
	});
	await site.open(page, "?from=-1h");
	await page.getByRole("alert").getByText("Samples are not being kept. no space left on <b>the disk</b>").waitFor();
	await page.context().close();
});

test("a page that only waits does not call the server lost", { skip }, async () => {
	const page = await site.open(await site.page(), "?view=overview&from=-1h");
	await page.waitForFunction(() => window.pystrobe?.live.state === "live");
	await page.evaluate(() => { // as if no tick came for long, and as if the stream broke
		window.said = [];
		const { live } = window.pystrobe, say = live.onState;
		live.onState = (s) => (window.said.push(s), say(s));
		live.reopen(live.source);
	});
	await page.waitForFunction(() => window.said.at(-1) === "live");
	assert.ok(!(await page.evaluate(() => window.said)).includes("lost"));
	await page.context().close();
});

test("with a token the link opens the page once and the cookie stays", { skip }, async () => {
	await site.stop();
	await site.serve("127.0.0.1:0", ["--token", "s3cret-words"]);
	const bare = new URL("/", site.url).href;
	assert.equal((await fetch(new URL("/api/v1/status", bare))).status, 401);
	assert.equal((await fetch(new URL("/api/v1/status", bare), { headers: { Authorization: "Bearer s3cret-word" } })).status, 401);
	assert.equal((await fetch(new URL("/api/v1/status", bare), { headers: { Authorization: "Bearer s3cret-words" } })).status, 200);
	const page = await site.page();
	await page.goto(site.url);
	await page.waitForFunction(() => window.pystrobe?.status);
	assert.equal(page.url(), bare);
	await page.goto(`${site.url}&view=memory`);
	assert.equal(page.url(), `${bare}?view=memory`);
	await page.goto(`${bare}?view=table`);
	await page.waitForFunction(() => window.pystrobe?.status && window.pystrobe.live.state === "live");
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test("the stored numbers are those that the page showed", { skip }, async () => {
	await site.stop();
	const [from, until] = range.split("&").map((p) => p.split("=")[1]);
	const out = spawnSync(pystrobe, ["export", String(site.store), "-f", "folded", "--weight", "samples", "-o", "-", "--from", from, "--until", until], { encoding: "utf8" });
	const sum = out.stdout.trim().split("\n").reduce((n, line) => n + Number(line.match(/ (\d+)$/)?.[1] ?? 0), 0);
	await site.serve("127.0.0.1:0", []);
	assert.equal(out.status, 0, out.stderr);
	assert.equal(sum, (await site.api(`flamegraph?${range}`)).nodes.total_n[0]);
});
