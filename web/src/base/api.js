// api.js - asks the server; one question at a time per asker, errors as sentences.

/** An answer of the API that says what went wrong, and perhaps what cures it. */
export class ApiError extends Error {
	/** @param {string} message @param {string} [hint] @param {number} [status] */
	constructor(message, hint = "", status = 0) {
		super(message);
		this.hint = hint;
		this.status = status;
	}
}

/** @type {Promise<unknown>} */
let held = Promise.resolve();

/** No answer but the status is given out before this: questions can be asked before it is
 * known how answers are to be shown. @param {Promise<unknown>} until */
export function hold(until) {
	held = until.catch(() => {});
}

/**
 * @param {string} path below /api/v1/
 * @param {string} [query]
 * @param {RequestInit} [init]
 * @returns {Promise<any>}
 */
export async function get(path, query = "", init = {}) {
	/** @type {Response} */
	let response;
	try {
		response = await fetch(`/api/v1/${path}${query ? `?${query}` : ""}`, init);
	} catch (cause) {
		if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
		throw new ApiError("The server does not answer.", "Is pystrobe still running?");
	}
	const body = await response.json().catch(() => null);
	if (path !== "status") await held;
	if (!response.ok)
		throw new ApiError(body?.error ?? `The server answered ${response.status}.`, body?.hint, response.status);
	return body;
}

/** @param {string} path @param {object} body */
export function post(path, body) {
	return get(path, "", {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify(body),
	});
}

/**
 * The newest question wins: an older answer never overwrites a newer one. A question equal
 * to the one under way is not asked twice.
 */
export class Asker {
	constructor() {
		/** @type {AbortController | null} */
		this.running = null;
		this.question = "";
	}

	get busy() {
		return this.running !== null;
	}

	/** @param {string} path @param {string} query @returns {Promise<any>} null: overtaken */
	async ask(path, query) {
		const question = `${path}?${query}`;
		this.running?.abort();
		const mine = new AbortController();
		this.running = mine;
		this.question = question;
		try {
			const answer = await get(path, query, { signal: mine.signal });
			return this.running === mine ? answer : null;
		} catch (cause) {
			if (this.running !== mine || (cause instanceof DOMException && cause.name === "AbortError")) return null;
			throw cause;
		} finally {
			if (this.running === mine) this.running = null;
		}
	}

	stop() {
		this.running?.abort();
		this.running = null;
	}
}
