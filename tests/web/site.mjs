// site.mjs - a recorded process, a server over its store, a Chromium before it. Everything
// started here is ended by its own handle.
import { spawn } from "node:child_process";
import { accessSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

export const here = path.dirname(new URL(import.meta.url).pathname);
export const build = process.env.PYSTROBE_BUILD ?? path.resolve(here, "../../build");
export const pystrobe = path.join(build, "pystrobe");
const { chromium } = createRequire(path.resolve(here, "../../web/package.json"))("playwright-core");

/** The first that exists, or "". @param {string[]} names */
function onPath(names) {
	for (const dir of (process.env.PATH ?? "").split(":"))
		for (const name of names)
			try {
				accessSync(path.join(dir, name));
				return path.join(dir, name);
			} catch {}
	return "";
}

export const browserPath = onPath(["chromium", "chromium-browser", "google-chrome"]);

/** Starts a program and waits for a line of its output that matches.
 * @param {string} command @param {string[]} args @param {RegExp} wanted @returns {Promise<{ child: import("node:child_process").ChildProcess, match: RegExpMatchArray }>} */
export function started(command, args, wanted) {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
		let said = "";
		const line = (/** @type {string} */ text) => {
			said += `${text}\n`;
			const match = text.match(wanted);
			if (match) resolve({ child, match });
		};
		for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", line);
		child.on("error", reject);
		child.on("exit", (code) => reject(new Error(`${command} ended with ${code}:\n${said}`)));
	});
}

/** @param {import("node:child_process").ChildProcess} child @param {NodeJS.Signals} signal */
export function ended(child, signal = "SIGTERM") {
	return new Promise((resolve) => {
		if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
		child.once("exit", resolve);
		child.kill(signal);
	});
}

export class Site {
	async start() {
		this.dir = mkdtempSync(path.join(os.tmpdir(), "pystrobe-web-"));
		const target = await started(process.env.TARGET_PYTHON ?? "python3", [path.join(here, "target.py")], /^ready/);
		this.target = target.child;
		this.store = path.join(this.dir, "store");
		await this.serve("127.0.0.1:0", []);
		this.browser = await chromium.launch({
			executablePath: browserPath,
			args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
				"--disable-background-networking", "--disable-component-update", "--disable-sync"],
		});
	}

	/** @param {string} listen @param {string[]} more */
	async serve(listen, more) {
		const args = ["serve", "--store", String(this.store), "--listen", listen, "--label", "note=<script>window.hacked=1</script>", ...more, String(this.target?.pid)];
		const { child, match } = await started(pystrobe, args, /^dashboard\s+(http\S+)/);
		this.server = child;
		this.url = match[1];
		this.port = new URL(this.url).port;
	}

	/** Ends the server, which must end well: nothing leaked, nothing undefined. */
	async stop() {
		const said = /** @type {string[]} */ ([]);
		this.server?.stderr?.on("data", (d) => said.push(String(d)));
		const code = this.server ? await ended(this.server) : 0;
		if (code !== 0) throw new Error(`the server ended with ${code}: ${said.join("").slice(-4000)}`);
	}

	/** @param {string} path @returns {Promise<any>} */
	async api(path) {
		const answer = await fetch(new URL(`/api/v1/${path}`, this.url));
		if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
		return answer.json();
	}

	/** Asks until the answer is as wanted. @param {string} path @param {(a: any) => boolean} wanted */
	async until(path, wanted) {
		for (const deadline = Date.now() + 60000; ; await new Promise((go) => setTimeout(go, 100))) {
			const answer = await this.api(path);
			if (wanted(answer)) return answer;
			if (Date.now() > deadline) throw new Error(`${path} never became as wanted`);
		}
	}

	/** A page that fails the test when the console has an error.
	 * @param {any} [options] */
	async page(options = {}) {
		const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true, ...options });
		const page = await context.newPage();
		page.problems = [];
		page.on("console", (/** @type {any} */ m) => m.type() === "error" && page.problems.push(m.text()));
		page.on("pageerror", (/** @type {any} */ e) => page.problems.push(e.message));
		page.on("dialog", (/** @type {any} */ d) => {
			page.problems.push("a dialog opened");
			d.dismiss();
		});
		return page;
	}

	/** @param {any} page @param {string} query */
	async open(page, query) {
		await page.goto(new URL(`/${query}`, this.url).href);
		return page;
	}

	async end() {
		await this.browser?.close();
		await this.stop();
		if (this.target) await ended(this.target, "SIGKILL");
		if (this.dir) rmSync(this.dir, { recursive: true, force: true });
	}
}
