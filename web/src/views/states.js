// states.js - the state bits of a sample (see /api/v1/) in words.

export const CPU = 1, GIL = 4, WAIT = 8, GC = 16, EXC = 32;

/** The most telling state of a box. @param {number} state */
export function stateWord(state) {
	if (state & GC) return "gc";
	if (state & WAIT) return "gil_wait";
	if (state & GIL) return "gil";
	if (state & CPU) return "cpu";
	if (state & EXC) return "exc";
	return "idle";
}

/** @type {Record<string, string>} */
export const WORDS = { gc: "collecting garbage", gil_wait: "waiting for the GIL", gil: "holds the GIL", cpu: "on CPU, no GIL", exc: "exception", idle: "blocked" };
