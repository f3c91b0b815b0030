// format.js - numbers, durations, sizes and times as people read them.

/** 1234567 -> "1 234 567" (thin spaces). @param {number} n */
export function count(n) {
	return Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** @param {number} x 0..1 */
export function percent(x) {
	if (!Number.isFinite(x)) return "–";
	const p = x * 100;
	if (p === 0) return "0 %";
	if (p < 0.01) return "<0.01 %";
	return `${p.toFixed(p >= 99.95 ? 0 : p < 10 ? 2 : 1)} %`;
}

/** Nanoseconds. @param {number} ns */
export function duration(ns) {
	if (!Number.isFinite(ns)) return "–";
	const abs = Math.abs(ns);
	if (abs < 1e3) return `${Math.round(ns)} ns`;
	if (abs < 1e6) return `${short(ns / 1e3)} µs`;
	if (abs < 1e9) return `${short(ns / 1e6)} ms`;
	const s = ns / 1e9;
	if (abs < 100e9) return `${short(s)} s`;
	const whole = Math.round(s);
	if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
	if (whole < 86400) return `${Math.floor(whole / 3600)} h ${pad(Math.floor(whole / 60) % 60)} min`;
	return `${Math.floor(whole / 86400)} d ${pad(Math.floor(whole / 3600) % 24)} h`;
}

/** @param {number} v */
function short(v) {
	const abs = Math.abs(v);
	return abs >= 100 ? v.toFixed(0) : abs >= 10 ? v.toFixed(1) : v.toFixed(2);
}

/** @param {number} n */
function pad(n) {
	return n.toString().padStart(2, "0");
}

/** @param {number} n */
export function bytes(n) {
	if (!Number.isFinite(n)) return "–";
	const units = ["B", "KiB", "MiB", "GiB", "TiB"];
	let i = 0;
	while (Math.abs(n) >= 1024 && i < units.length - 1) {
		n /= 1024;
		i++;
	}
	return `${i ? short(n) : n} ${units[i]}`;
}

/** Processor seconds per second, as percent of one core. @param {number} cores */
export function cpu(cores) {
	if (!Number.isFinite(cores)) return "–";
	if (cores > 0 && cores < 0.0005) return "<0.1 %";
	return `${(cores * 100).toFixed(cores && cores < 0.1 ? 1 : 0)} %`;
}

/** A share of the time, or how many at a time where it is more than one.
 * @param {number} x @param {string} what "threads" */
export function several(x, what) {
	return x > 1.005 ? `${x.toFixed(1)} ${what}` : cpu(x);
}

/** What a person calls a command: the program without its folder, and without the
 * interpreter where a script follows. @param {string} command */
export function shortCommand(command) {
	const [program, ...args] = command.split(" ");
	const base = (/** @type {string} */ path) => path.replace(/^.*\/(?=[^/])/, "");
	const script = /^python[\d.]*[td]*$/.test(base(program)) ? args.findIndex((a, i) => !a.startsWith("-") && !/^-[WX]$/.test(args[i - 1])) : -1;
	const words = script >= 0 && !/^-[cm]$/.test(args[script - 1])
		? [base(args[script]), ...args.slice(script + 1)] : [base(program), ...args];
	const text = words.join(" ").trimEnd();
	return text.length > 90 ? `${text.slice(0, 88)}…` : text;
}

/** @param {number} hz */
export function rate(hz) {
	return Number.isFinite(hz) ? `${hz >= 10 ? hz.toFixed(0) : hz.toFixed(1)} Hz` : "–";
}

let utc = false;
/** All times from here on in UTC. @param {boolean} on */
export function useUtc(on) {
	utc = on;
}

/** @param {number} ms */
function parts(ms) {
	const d = new Date(ms);
	const g = utc
		? [d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate(), d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()]
		: [d.getFullYear(), d.getMonth(), d.getDate(), d.getHours(), d.getMinutes(), d.getSeconds()];
	return { day: `${g[0]}-${pad(g[1] + 1)}-${pad(g[2])}`, time: `${pad(g[3])}:${pad(g[4])}:${pad(g[5])}` };
}

/** "14:03:07", with `digits` of a second. @param {number} ms @param {number} [digits] */
export function clock(ms, digits = 0) {
	const p = parts(ms);
	const fraction = digits ? (((ms % 1000) + 1000) % 1000) / 1000 : 0;
	return p.time + (digits ? fraction.toFixed(digits).slice(1) : "");
}

/** "2026-11-21 14:03:07"; the day is left out when it is today. @param {number} ms */
export function dateTime(ms) {
	const p = parts(ms);
	return p.day === parts(Date.now()).day ? p.time : `${p.day} ${p.time}`;
}

/** Text for from= and until=: exact, and the same in every zone. @param {number} ms */
export function timeParam(ms) {
	return (Math.round(ms) / 1000).toString();
}

/** From where to where a part is in the text of its line: columns count bytes of UTF-8.
 * @param {string} text @param {{ line: number, end_line: number, column: number, end_column: number }} part @returns {[number, number]} */
export function textRange(text, part) {
	const bytes = new TextEncoder().encode(text), before = (/** @type {number} */ n) => new TextDecoder().decode(bytes.subarray(0, n)).length;
	return [before(part.column), part.end_line > part.line ? text.length : before(part.end_column)];
}
