// attach.js - the Python processes of this host, to start and stop recording.

import { get, post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import * as fmt from "../base/format.js";
import { toast } from "./popups.js";

/** @typedef {import("../app.js").App} App */

export class AttachView {
	/** @param {App} app */
	constructor(app) {
		this.app = app;
		/** @type {any[]} */
		this.processes = [];
		this.asked = 0;
		this.rate = h("select", { class: "field", "aria-label": "Rate of all" }, h("option", { value: "" }, "as it is"), [10, 50, 100, 200, 500, 1000].map((r) => h("option", { value: r }, `${r} Hz`)));
		this.search = h("input", { class: "field", type: "search", placeholder: "Search", "aria-label": "Search processes", oninput: () => this.draw() });
		this.list = h("div", { class: "processes" });
		this.element = h("div", { class: "attach" },
			h("div", { class: "flame-bar" }, h("b", null, "Python processes on this host"), this.search, h("span", { class: "spring" }),
				h("label", { class: "soft" }, "Rate of all ", this.rate),
				h("button", { class: "button", onclick: () => this.ask() }, "Look again")),
			this.list);
	}

	/** @param {boolean} live */
	async refresh(live) {
		if (live && performance.now() - this.asked < 5000) return;
		await this.ask();
	}

	async ask() {
		this.asked = performance.now();
		this.processes = (await get("processes")).processes;
		this.draw();
	}

	draw() {
		const q = this.search.value.toLowerCase();
		const shown = this.processes.filter((p) => !q || `${p.pid} ${p.command} ${p.user}`.toLowerCase().includes(q));
		fill(this.list, shown.length ? shown.map((p) => this.row(p)) : h("div", { class: "empty" }, h("b", null, "No Python process found"), h("span", null, "Only those of users that pystrobe may see are listed.")));
	}

	/** @param {any} p */
	row(p) {
		const act = (/** @type {string} */ what) => async (/** @type {Event} */ e) => {
			const button = /** @type {HTMLButtonElement} */ (e.currentTarget);
			button.disabled = true;
			try {
				await post(what, { pid: p.pid, rate_hz: Number(this.rate.value) || undefined });
				toast(what === "attach" ? `Recording ${p.pid}` : `Stopped recording ${p.pid}`, "good");
			} catch (cause) {
				const err = /** @type {any} */ (cause);
				toast(err.message, "bad", err.hint);
			}
			await this.ask();
			this.app.refresh(false);
		};
		return h("div", { class: "process" },
			h("span", { class: "num mono" }, p.pid),
			h("div", { class: "target-name" }, h("span", { class: "cut", title: p.command }, fmt.shortCommand(p.command)),
				h("small", { class: "faint" }, [`Python ${p.version || "?"}`, p.user, p.container].filter(Boolean).join(" · "))),
			p.refusal ? h("span", { class: "refusal" }, p.refusal) : h("span", { class: "soft" }, p.recording ? `recording ${p.rate_hz ? `at ${fmt.rate(p.rate_hz)}` : "as fast as it goes"}` : ""),
			p.recording
				? h("button", { class: "button", "data-key": String(p.pid), "aria-label": `Stop recording ${p.pid}`, onclick: act("detach") }, "Stop")
				: h("button", { class: "button main", "data-key": String(p.pid), "aria-label": `Record ${p.pid}`, disabled: !p.can_attach, onclick: act("attach") }, "Record"));
	}
}
