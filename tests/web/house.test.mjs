// house.test.mjs - the front end's own rules: types, a lock file without host names, small
// files, markup only as text.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import test from "node:test";

const web = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../../web");
const files = readdirSync(path.join(web, "src"), { recursive: true }).map((f) => path.join(web, "src", String(f))).filter((f) => f.endsWith(".js"));

test("types are sound", () => {
	const tsc = spawnSync(process.execPath, [path.join(web, "node_modules/typescript/bin/tsc"), "-p", web], { encoding: "utf8" });
	assert.equal(tsc.status, 0, tsc.stdout);
});

test("the lock file names no registry host", () => {
	assert.doesNotMatch(readFileSync(path.join(web, "package-lock.json"), "utf8"), /https?:|"resolved"/);
});

test("no file sets markup or runs text", () => {
	for (const f of files) assert.doesNotMatch(readFileSync(f, "utf8"), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/, f);
});

test("files are small and say what they are", () => {
	for (const f of files) {
		const text = readFileSync(f, "utf8");
		assert.ok(text.split("\n").length <= 450, `${f} is long`);
		assert.ok(text.startsWith(`// ${path.basename(f)} - `), `${f} says what it is`);
	}
});

test("the page is light", () => {
	const out = path.join(process.env.PYSTROBE_BUILD ?? path.join(web, "../build"), "web");
	const sizes = readdirSync(out).map((f) => statSync(path.join(out, f)).size);
	assert.ok(sizes.reduce((a, b) => a + b, 0) < 400 * 1024);
});
