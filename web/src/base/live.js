// live.js - the server's ticks: one connection per page, ended while hidden or paused,
// opened again by itself when the server comes back. Only a server that does not answer a
// plain question is called lost: a connection that is slow, or was cut, is opened again.

import { get } from "./api.js";

/** @typedef {"live" | "paused" | "lost" | "off"} LiveState */

export class Live {
	/** @param {(tick: {generation: number}) => void} onTick @param {(s: LiveState) => void} onState */
	constructor(onTick, onState) {
		this.onTick = onTick;
		this.onState = onState;
		/** @type {EventSource | null} */
		this.source = null;
		this.wanted = false;
		/** @type {LiveState} */
		this.state = "off";
		this.generation = -1;
		this.silence = 0;
		document.addEventListener("visibilitychange", () => this.apply());
	}

	/** @param {boolean} on */
	want(on) {
		this.wanted = on;
		this.apply();
	}

	apply() {
		const open = this.wanted && !document.hidden;
		if (open && !this.source) this.open();
		if (!open && this.source) this.close();
		if (!this.wanted) this.say("paused");
	}

	open() {
		const source = new EventSource("/api/v1/live");
		if (this.state === "paused") this.say("off");
		this.source = source;
		source.addEventListener("tick", (event) => {
			const tick = JSON.parse(event.data);
			this.say("live");
			this.watch();
			const known = this.generation;
			this.generation = tick.generation;
			if (known >= 0 && known !== tick.generation) this.onTick(tick); // at first the page has just asked
		});
		source.addEventListener("error", () => this.reopen(source));
		this.watch();
	}

	/** Without a pulse for some seconds the connection is dead, whatever it says. */
	watch() {
		clearTimeout(this.silence);
		this.silence = window.setTimeout(() => this.source && this.reopen(this.source), 6000);
	}

	/** @param {EventSource} source */
	async reopen(source) {
		if (this.source !== source) return;
		this.close();
		const there = await get("status").then(() => true, () => false);
		if (this.wanted) this.say(there ? "off" : "lost");
		setTimeout(() => this.apply(), 1000);
	}

	close() {
		clearTimeout(this.silence);
		this.source?.close();
		this.source = null;
	}

	/** @param {LiveState} state */
	say(state) {
		if (state === this.state) return;
		this.state = state;
		this.onState(state);
	}
}
