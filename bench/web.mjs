#!/usr/bin/env node
// web.mjs [--store DIR] - what the dashboard weighs and how fast it is. Prints the numbers.
//
//	make build/bench/store && build/bench/store fill DIR seconds=86400 fast=1 quiet=1
//	node bench/web.mjs --store DIR
//
// Page: bytes of every file, as stored and as sent. First flame graph: from the navigation to
// the first frame with a graph on the canvas, over DIR's whole length: the first of a server;
// then the median of five in a fresh browser context, which starts a renderer process and has
// nothing cached, and of five in a tab that is open, as when somebody comes back. The same of
// the API's page, which has no script: what of it is the browser's own, and the measuring's.
// Frames: 100 000 made-up nodes, zoomed in a
// thousandfold and out again, a step a frame. Live: CPU of `serve` over a process of eight
// threads with tabs as the page behaves: a stream each, and at each tick its questions.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { answerOf, bigLines } from "../tests/web/fixtures.mjs";
import { build, ended, pystrobe, Site, started } from "../tests/web/site.mjs";

const store = process.argv.includes("--store") ? process.argv[process.argv.indexOf("--store") + 1] : "";
const site = new Site();
const median = (/** @type {number[]} */ v) => v.toSorted((a, b) => a - b)[v.length >> 1];
const say = (/** @type {string} */ what, /** @type {string} */ how) => console.log(`${what.padEnd(44)} ${how}`);

function weigh() {
	let raw = 0, sent = 0;
	for (const name of ["index.html", "app.js", "app.css", "icon.svg"]) {
		const bytes = readFileSync(path.join(build, "web", name));
		raw += bytes.length;
		sent += Math.min(bytes.length, gzipSync(bytes).length);
		say(`page: ${name}`, `${bytes.length} bytes, ${gzipSync(bytes).length} gzipped`);
	}
	say("page: all", `${(raw / 1024).toFixed(0)} KiB, ${(sent / 1024).toFixed(0)} KiB as sent`);
}

const TICKS = Number(spawnSync("getconf", ["CLK_TCK"], { encoding: "utf8" }).stdout);

/** Its parent, and seconds of CPU that a process has used. @param {number | string} pid */
function stat(pid) {
	const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
	return { parent: Number(fields[1]), cpu: (Number(fields[11]) + Number(fields[12])) / TICKS };
}

/** CPU of the browser: of everything below this program but the server. @param {number} [but] */
function browserCpu(but) {
	/** @type {Map<number, { parent: number, cpu: number }>} */
	const all = new Map();
	for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
		try {
			all.set(Number(pid), stat(pid));
		} catch {}
	const below = (/** @type {number} */ pid) => {
		for (let at = pid; at > 1; at = all.get(at)?.parent ?? 0) if (at === process.pid) return true;
		return false;
	};
	return [...all].reduce((sum, [pid, s]) => sum + (![process.pid, but, site.server?.pid, site.target?.pid].includes(pid) && below(pid) ? s.cpu : 0), 0);
}

/** @typedef {{ ms: number, server: number, browser: number }} Cost ms from the navigation, and of CPU */

/** @param {any} page @param {string} url @param {number} server its pid @param {() => any} there
 * @returns {Promise<Cost>} until a frame finds it there */
async function opened(page, url, server, there) {
	const c0 = stat(server).cpu, b0 = browserCpu(server);
	await page.goto(url, { waitUntil: "commit" });
	const ms = await (await page.waitForFunction(there, null, { polling: "raf", timeout: 120000 })).jsonValue();
	return { ms, server: (stat(server).cpu - c0) * 1000, browser: (browserCpu(server) - b0) * 1000 };
}

async function measureFirst() {
	const { child, match } = await started(pystrobe, ["view", store, "--listen", "127.0.0.1:0"], /(http:\S+)/);
	const url = `${match[1]}?view=flame&from=start`, plain = new URL("/api/v1/", match[1]).href, pid = Number(child.pid);
	const graph = () => window.pystrobe?.view?.flame?.frames.first && performance.now();
	const anything = () => document.readyState === "complete" && performance.now();
	/** @type {Record<"graph" | "again" | "floor" | "floorAgain", Cost[]>} */
	const costs = { graph: [], again: [], floor: [], floorAgain: [] };
	await (await site.page()).goto(plain); // the browser is warm
	for (let i = 0; i < 6; i++) {
		const other = await site.page();
		costs.floor.push(await opened(other, plain, pid, anything));
		await other.context().close();
		const page = await site.page();
		costs.graph.push(await opened(page, url, pid, graph));
		costs.floorAgain.push(await opened(page, plain, pid, anything));
		costs.again.push(await opened(page, url, pid, graph));
		await page.context().close();
	}
	const told = (/** @type {Cost[]} */ all) => {
		const of = (/** @type {keyof Cost} */ key) => median(all.map((c) => c[key])).toFixed(0);
		return `${of("ms")} ms; CPU of the server ${of("server")} ms, of the browser ${of("browser")} ms`;
	};
	say("first flame graph, server just started", told(costs.graph.slice(0, 1)));
	say("first flame graph, fresh renderer", told(costs.graph.slice(1)));
	say("  a page without script, fresh renderer", told(costs.floor.slice(1)));
	say("first flame graph, in an open tab", told(costs.again.slice(1)));
	say("  a page without script, in an open tab", told(costs.floorAgain.slice(1)));
	await ended(child);
}

async function measureFrames() {
	const page = await site.open(await site.page({ viewport: { width: 1920, height: 1080 } }), "?view=flame&from=start&until=start%2B1s");
	await page.waitForFunction(() => window.pystrobe?.view?.flame?.tree && !window.pystrobe.refreshing);
	const result = await page.evaluate(async (/** @type {any} */ answer) => {
		const { flame } = window.pystrobe.view, Tree = flame.tree.constructor;
		const began = performance.now(), tree = new Tree(answer, "n"), made = performance.now() - began;
		flame.setTree(tree);
		const whole = tree.total[0], draws = [], gaps = [];
		let last = await new Promise(requestAnimationFrame);
		for (let i = 0; i < 240; i++) {
			const k = Math.abs(120 - i) / 120, w = whole * 1000 ** (k - 1), mid = whole * 0.4;
			flame.look(mid - w / 2, mid + w / 2);
			const before = flame.frames.ms;
			const now = await new Promise(requestAnimationFrame);
			draws.push(flame.frames.ms - before);
			gaps.push(now - last);
			last = now;
		}
		return { nodes: tree.n, made, draws, gaps };
	}, answerOf(bigLines(100000)));
	const at = (/** @type {number[]} */ v, /** @type {number} */ q) => v.toSorted((a, b) => a - b)[Math.floor((v.length - 1) * q)].toFixed(1);
	say(`frames: ${result.nodes} nodes decoded`, `${result.made.toFixed(0)} ms`);
	say("frames: script's drawing, each", `median ${at(result.draws, 0.5)} ms, 95 % ${at(result.draws, 0.95)} ms, worst ${at(result.draws, 1)} ms (60 a second: 16.7)`);
	say("frames: from one to the next", `median ${at(result.gaps, 0.5)} ms, 95 % ${at(result.gaps, 0.95)} ms, worst ${at(result.gaps, 1)} ms`);
	await page.context().close();
}

/** A tab as the page is: at each tick three questions. @param {string} filter @param {AbortSignal} signal @param {{ n: number }} ticks */
async function tab(filter, signal, ticks) {
	try {
		const stream = await fetch(new URL("/api/v1/live", site.url), { signal });
		for await (const chunk of /** @type {any} */ (stream.body)) {
			if (!Buffer.from(chunk).includes("event: tick")) continue;
			ticks.n++;
			await Promise.all(["targets", "timeline", "flamegraph"].map((what) =>
				fetch(new URL(`/api/v1/${what}?from=-15min${what === "targets" ? "" : filter}`, site.url), { signal }).then((r) => r.arrayBuffer())));
		}
	} catch (cause) {
		if (!signal.aborted) throw cause;
	}
}

/** @param {string} words @param {number} n @param {(k: number) => string} filter */
async function measureTabs(words, n, filter) {
	const stop = new AbortController(), ticks = { n: 0 };
	const tabs = Array.from({ length: n }, (_, k) => tab(filter(k), stop.signal, ticks));
	const pid = Number(site.server?.pid), seconds = 15;
	const c0 = stat(pid).cpu, t0 = performance.now();
	await new Promise((go) => setTimeout(go, seconds * 1000));
	const share = (stat(pid).cpu - c0) / ((performance.now() - t0) / 1000);
	stop.abort();
	await Promise.all(tabs);
	say(`live: ${words}`, `${(share * 100).toFixed(1)} % of a core, sampling included${n ? `; ${(ticks.n / n / seconds).toFixed(1)} ticks a second each` : ""}`);
}

weigh();
await site.start();
await site.until("status", (s) => s.until_ms - s.from_ms > 2000);
try {
	if (store) await measureFirst();
	if (!process.argv.includes("--first")) await measureFrames();
	await measureTabs("no tab", 0, () => "");
	await measureTabs("one tab", 1, () => "");
	await measureTabs("20 tabs, the same view", 20, () => "");
	await measureTabs("20 tabs, each another view", 20, (k) => `&function=leaf_${"hot".slice(0, 1 + (k % 3))}&hide=x${k}`);
} finally {
	await site.end();
}
