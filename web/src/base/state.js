// state.js - the whole state of the page is the address: a link opens the same view
// elsewhere, back and forward work. Nothing else remembers anything but the theme.

/** @typedef {Record<string, string[]>} State values by name; absent means default */

/** Filters that the API knows under the same names. */
export const FILTERS = [
	"label", "pid", "series", "state", "wait", "thread", "function", "module", "hide", "root",
	"mine", "mine-path", "library-path", "native", "lines", "timeout",
];

/** @param {string} search "?a=1&b=2" @returns {State} */
export function parse(search) {
	/** @type {State} */
	const state = {};
	for (const [key, value] of new URLSearchParams(search)) {
		if (value === "") continue;
		(state[key] ??= []).push(value);
	}
	return state;
}

/** @param {State} state @returns {string} "" or "?..." with keys in a fixed order */
export function serialize(state) {
	const out = new URLSearchParams();
	for (const key of Object.keys(state).sort(byImportance)) {
		for (const value of state[key]) if (value !== "") out.append(key, value);
	}
	const text = out.toString().replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%2F", "/");
	return text ? `?${text}` : "";
}

const FIRST = ["view", "from", "until", "sel", "pid", "series"];

/** @param {string} a @param {string} b */
function byImportance(a, b) {
	const x = FIRST.indexOf(a), y = FIRST.indexOf(b);
	if (x !== y) return (x < 0 ? 99 : x) - (y < 0 ? 99 : y);
	return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * A copy with changes: a string or list replaces, null removes.
 * @param {State} state
 * @param {Record<string, string | string[] | null>} changes
 * @returns {State}
 */
export function changed(state, changes) {
	const next = { ...state };
	for (const [key, value] of Object.entries(changes)) {
		if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) delete next[key];
		else next[key] = Array.isArray(value) ? value : [value];
	}
	return next;
}

/** @param {State} a @param {State} b names of keys whose values differ */
export function differing(a, b) {
	const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
	return [...keys].filter((k) => (a[k] ?? []).join("\n") !== (b[k] ?? []).join("\n"));
}

/** The page's state and who wants to know of changes. */
export class Store {
	/** @param {Window} win */
	constructor(win) {
		this.win = win;
		this.state = parse(win.location.search);
		/** where the window begins when the address does not say */
		this.defaultFrom = DEFAULT_FROM;
		/** @type {Set<(keys: string[]) => void>} */
		this.listeners = new Set();
		win.addEventListener("popstate", () => this.adopt(parse(win.location.search)));
	}

	/** First value, or the default. @param {string} key @param {string} [otherwise] */
	get(key, otherwise = "") {
		return this.state[key]?.[0] ?? otherwise;
	}

	/** @param {string} key */
	all(key) {
		return this.state[key] ?? [];
	}

	/** Is it set to something other than "0"? @param {string} key */
	flag(key) {
		return this.get(key) !== "" && this.get(key) !== "0";
	}

	/**
	 * @param {Record<string, string | string[] | null>} changes
	 * @param {{ replace?: boolean }} [how] replace: no step for the back button
	 */
	set(changes, how = {}) {
		const next = changed(this.state, changes);
		if (differing(this.state, next).length === 0) return;
		const url = this.win.location.pathname + serialize(next);
		if (how.replace) this.win.history.replaceState(null, "", url);
		else this.win.history.pushState(null, "", url);
		this.adopt(next);
	}

	/** @param {State} next */
	adopt(next) {
		const keys = differing(this.state, next);
		this.state = next;
		if (keys.length) for (const fn of [...this.listeners]) fn(keys);
	}

	/** @param {(keys: string[]) => void} fn */
	subscribe(fn) {
		this.listeners.add(fn);
		return () => this.listeners.delete(fn);
	}
}

/** The brushed part of the window, "from~until" in ms, or null.
 * @param {Store} store @returns {[number, number] | null} */
export function selection(store) {
	const [a, b] = store.get("sel").split("~").map(Number);
	return Number.isFinite(a) && Number.isFinite(b) && b > a ? [a, b] : null;
}

/**
 * The query for the API: filters and range. Without `window` the range is the brushed
 * part where there is one.
 * @param {Store} store
 * @param {{ window?: boolean, extra?: Record<string, string | number | undefined> }} [how]
 */
export function query(store, how = {}) {
	const out = new URLSearchParams();
	const sel = how.window ? null : selection(store);
	if (sel) {
		out.set("from", (sel[0] / 1000).toFixed(6));
		out.set("until", (sel[1] / 1000).toFixed(6));
	} else {
		out.set("from", store.get("from", store.defaultFrom));
		if (store.get("until")) out.set("until", store.get("until"));
	}
	for (const key of FILTERS) for (const value of store.all(key)) out.append(key, value);
	for (const [key, value] of Object.entries(how.extra ?? {}))
		if (value !== undefined && value !== "") out.set(key, String(value));
	return out.toString();
}

export const DEFAULT_FROM = "-15min";
