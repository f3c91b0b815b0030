// app.js - the page: header, filters, timeline, one view at a time, status line; and when
// to ask the server again.

import { get, hold } from "./base/api.js";
import { fill, h } from "./base/dom.js";
import * as fmt from "./base/format.js";
import { Live } from "./base/live.js";
import { FILTERS, query, selection, Store } from "./base/state.js";
import { Timeline } from "./charts/timeline.js";
import { FilterBar } from "./views/filters.js";
import { Header } from "./views/header.js";
import { handleKey } from "./views/keys.js";
import { toast } from "./views/popups.js";
import { VIEWS } from "./views/list.js";

/** @typedef {{ series: number, pid: number, ended: boolean, first_ms: number, last_ms: number, start_ms: number, labels: Record<string, string>, threads: { thread: number, tid: number, name: string, main: boolean }[], [figure: string]: any }} Target */
/** @typedef {{ element: HTMLElement, refresh: (live: boolean) => Promise<void> | void, changed?: (keys: string[]) => void, hide?: () => void, retheme?: () => void, keys?: Record<string, () => void> }} View */

const QUERY_KEYS = new Set([...FILTERS, "from", "until", "sel"]);

export class App {
	constructor() {
		this.store = new Store(window);
		/** @type {any} */
		this.status = null;
		this.statusAt = 0;
		/** @type {Target[]} */
		this.targets = [];
		/** of the answer under way @type {Promise<void>} */
		this.targetsAsked = Promise.resolve();
		/** @type {import("./charts/chart.js").Event[]} */
		this.events = [];
		/** @type {Record<string, View>} */
		this.views = {};
		/** @type {View | null} */
		this.view = null;
		this.refreshing = false;
		this.again = false;
		this.paused = false;
		this.live = new Live(() => this.refresh(true), () => this.drawStatus());
		this.header = new Header(this);
		this.filters = new FilterBar(this);
		this.timeline = new Timeline(this);
		this.main = h("main", { class: "view", id: "view", tabindex: "-1" });
		this.problem = h("div", { class: "problem", role: "alert", hidden: true });
		this.statusLine = h("footer", { class: "status" });
		/** @type {Record<string, number>} */
		this.sums = {};
		fill(/** @type {Element} */ (document.getElementById("app")),
			h("a", { class: "skip", href: "#view" }, "Skip to the view"),
			this.header.element, this.filters.element, this.timeline.element, this.problem, this.main, this.statusLine);
		this.store.subscribe((keys) => this.changed(keys));
		document.addEventListener("keydown", (e) => handleKey(this, e));
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.retheme());
		this.retheme();
	}

	async start() {
		const status = this.refreshStatus().then(() => {
			fmt.useUtc(this.status.utc);
			document.title = this.status.title ? `${this.status.title} – pystrobe` : "pystrobe";
			this.openOnData();
		});
		hold(status);
		this.showView();
		const asked = this.store.get("from") ? this.refresh(false) : null; // the window is known without the status
		await status.catch((cause) => this.fail(cause));
		this.header.draw();
		const first = asked ?? this.refresh(false);
		this.followLive();
		await first;
	}

	async refreshStatus() {
		this.status = await get("status");
		this.statusAt = performance.now();
	}

	/** Where the window begins when nobody said: a recording younger than a quarter of an
	 * hour is shown whole, and so is one that ended long ago. */
	openOnData() {
		const s = this.status;
		if (!s?.until_ms) return;
		const ended = s.now_ms - s.until_ms > 10 * 60000, now = s.now_ms + performance.now() - this.statusAt;
		this.store.defaultFrom = ended || now - s.from_ms < 15 * 60000 ? "start" : "-15min";
	}

	get dark() {
		const chosen = localStorage.getItem("theme");
		return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
	}

	/** samples or time: what a value counts. */
	get unit() {
		return /** @type {"n" | "ns"} */ (this.store.get("unit") === "samples" ? "n" : "ns");
	}

	/** A value in the unit in use. @param {number} v */
	value(v) {
		return this.unit === "n" ? fmt.count(v) : fmt.duration(v);
	}

	get viewName() {
		return this.store.get("view", this.store.get("fn") ? "flame" : "overview");
	}

	/** @param {string[]} keys */
	changed(keys) {
		if (keys.includes("view") || !this.view) this.showView();
		else this.view.changed?.(keys);
		if (keys.includes("charts")) this.timeline.layout();
		this.header.draw();
		this.filters.draw();
		if (keys.includes("sel")) this.timeline.brushChanged();
		this.followLive();
		const windowKeys = keys.filter((k) => QUERY_KEYS.has(k));
		if (windowKeys.length || keys.includes("view") || keys.includes("charts")) this.refresh(false);
	}

	showView() {
		const name = this.viewName in VIEWS ? this.viewName : "overview";
		this.view?.hide?.();
		const view = (this.views[name] ??= VIEWS[name].make(this));
		this.view = view;
		fill(this.main, view.element);
		this.main.dataset.view = name;
		document.documentElement.dataset.view = name;
		this.header.draw();
		this.filters.draw();
	}

	/** Does the window move with time? */
	get follows() {
		return ["", "now"].includes(this.store.get("until")) && !/^\d|^@/.test(this.store.get("from", "-")) && !selection(this.store);
	}

	followLive() {
		this.live.want(!this.paused && this.follows);
		this.drawStatus();
	}

	togglePause() {
		this.paused = !this.paused;
		if (!this.paused && !this.follows) this.store.set({ sel: null, until: null, from: this.follows ? this.store.get("from") : null });
		this.followLive();
		this.header.draw();
		if (!this.paused) this.refresh(true);
	}

	/** Asks for everything that is seen; calls during one are joined. @param {boolean} live */
	async refresh(live) {
		if (this.refreshing && live) {
			this.again = true;
			return;
		}
		this.refreshing = true;
		try {
			this.targetsAsked = this.refreshTargets();
			const status = live && performance.now() - this.statusAt > 5000 ? this.refreshStatus() : null;
			const view = this.view?.refresh(live); // before the timeline, which lays the page out to know its width
			await Promise.all([status, this.targetsAsked, view, this.timeline.refresh()]);
			const { writing } = this.status ?? {};
			this.fail(writing?.failing ? { message: "Samples are not being kept.", hint: writing.problem } : null);
		} catch (cause) {
			this.fail(cause);
		} finally {
			this.refreshing = false;
		}
		this.drawStatus();
		if (this.again) {
			this.again = false;
			this.refresh(true);
		}
	}

	async refreshTargets() {
		this.openOnData();
		const all = new URLSearchParams(query(this.store, { window: true }));
		for (const key of [...all.keys()]) if (!["from", "until", "label"].includes(key)) all.delete(key);
		const answer = await get("targets", all.toString());
		this.targets = answer.targets;
		this.events = answer.events.filter((/** @type {any} */ e) => this.shows(e.series));
		this.targetsBucket = answer.bucket_ms;
		this.filters.draw();
	}

	/** Is this series within the process filter? @param {number} series */
	shows(series) {
		const pids = this.store.all("pid"), ids = this.store.all("series");
		if (!pids.length && !ids.length) return true;
		const t = this.targets.find((x) => x.series === series);
		return ids.includes(String(series)) || (t !== undefined && pids.includes(String(t.pid)));
	}

	/** Called by the timeline with thread-time by state. @param {Record<string, number>} sums */
	shares(sums) {
		this.sums = sums;
		this.filters.drawShares();
		this.drawStatus();
	}

	/** @param {any} cause null: all is well */
	fail(cause) {
		this.problem.hidden = !cause;
		if (!cause) return;
		fill(this.problem, h("b", null, cause.message ?? String(cause)), " ", cause.hint ?? "",
			h("button", { class: "button plain", onclick: () => this.refresh(false) }, "Try again"));
	}

	drawStatus() {
		const s = this.sums, st = this.live.state;
		const words = { live: "live", paused: this.paused ? "paused" : "fixed range", lost: "server lost, trying again", off: "connecting" };
		const wanted = s.wanted || 0;
		this.statusLine.dataset.live = st;
		this.header.drawLive(st, words[st]);
		fill(this.statusLine,
			h("span", { class: `live-dot ${st}` }), h("span", null, words[st]),
			s.samples === undefined ? h("span", null, "loading…") : [
				h("span", null, h("b", null, fmt.count(s.samples || 0)), " samples"),
				h("span", null, h("b", null, fmt.duration(s.thread || 0)), " of thread time"),
				h("span", { class: s.lost > s.samples / 1000 ? "warn" : null }, h("b", null, fmt.percent(s.lost / (s.lost + s.samples) || 0)), " lost"),
				h("span", { class: s.missed > wanted / 50 ? "warn" : null }, h("b", null, fmt.percent(wanted ? s.missed / wanted : 0)), " ticks missed")],
			h("span", { class: "spring" }),
			h("a", { href: "/api/v1/" }, "API"),
			h("span", null, this.status ? `pystrobe ${this.status.version}` : ""));
	}

	retheme() {
		document.documentElement.dataset.theme = this.dark ? "dark" : "light";
		this.timeline.retheme();
		for (const view of Object.values(this.views)) view.retheme?.();
	}

	toggleTheme() {
		localStorage.setItem("theme", this.dark ? "light" : "dark");
		this.retheme();
		this.header.draw();
	}

	/** @param {string} what @param {boolean} done */
	copied(what, done) {
		toast(done ? `Copied ${what}` : "Could not copy", done ? "good" : "bad");
	}
}

const app = new App();
Object.assign(window, { pystrobe: app });
app.start();
