// color.js - what colour a box has and which ink is read on it. Colours are chosen in
// OKLCH, where equal steps look equal, once per place, and kept as text. A test sees to it
// that the ink stands out from each, also where paint.js makes it paler.

import { LIBRARY, MARK, NATIVE, textHash } from "./tree.js";

/** @typedef {import("./tree.js").Tree} Tree */
/** @typedef {"module" | "self" | "state" | "diff"} ColorBy */
/** @typedef {{ fill: string, ink: string }} Paint what a box is filled and written with */

/**
 * @param {number} l 0..1 @param {number} c 0..0.3 @param {number} h degrees
 * @returns {string} "rgb(...)", clipped to what screens show
 */
export function oklch(l, c, h) {
	const a = c * Math.cos((h * Math.PI) / 180), b = c * Math.sin((h * Math.PI) / 180);
	const l3 = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
	const m3 = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
	const s3 = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
	const rgb = [
		4.0767416621 * l3 - 3.3077115913 * m3 + 0.2309699292 * s3,
		-1.2684380046 * l3 + 2.6097574011 * m3 - 0.3413193965 * s3,
		-0.0041960863 * l3 - 0.7034186147 * m3 + 1.707614701 * s3,
	].map((v) => {
		const g = v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
		return Math.round(255 * Math.min(1, Math.max(0, g)));
	});
	return `rgb(${rgb.join(",")})`;
}

/** Hues that sit well together, for packages; yellow-green is left out. */
const HUES = [262, 30, 172, 305, 60, 205, 345, 140, 238, 12, 190, 285, 45, 325];

/** Hues in use: packages get the next free one as they are first seen, so that two of them
 * look alike only when there are more than hues. @type {Map<string, number>} */
const hues = new Map();

/** @param {string} pack */
export function hueOf(pack) {
	let hue = hues.get(pack);
	if (hue === undefined) hues.set(pack, (hue = HUES[hues.size % HUES.length]));
	return hue;
}

/** "app.views" -> "app"; a file where there is no module. @param {string} module @param {string} file */
export function packageOf(module, file) {
	if (module) return module.split(".", 1)[0];
	const parts = file.split("/");
	const i = parts.findLastIndex((p) => /^(site|dist)-packages$|^python\d/.test(p));
	return parts[i >= 0 && i + 1 < parts.length ? i + 1 : parts.length - 1] ?? "";
}

export class Colors {
	/** @param {boolean} dark */
	constructor(dark) {
		this.dark = dark;
		/** @type {Map<string, Paint>} */
		this.cache = new Map();
	}

	get ink() {
		return this.dark ? "#e8eaf0" : "#1a1d24";
	}

	/** @param {string} key @param {() => Paint} make */
	kept(key, make) {
		let paint = this.cache.get(key);
		if (!paint) this.cache.set(key, (paint = make()));
		return paint;
	}

	/** @param {Tree} tree @param {number} i @param {ColorBy} by @returns {Paint} */
	of(tree, i, by) {
		if (i === 0) return this.kept("root", () => this.grey(0.04));
		if (tree.flags(i) & MARK) return this.kept("mark", () => this.grey(0.015));
		if (by === "self") return this.bySelf(tree, i);
		if (by === "diff") return this.byChange(tree, i);
		if (by === "state") return this.byState(tree, i);
		return this.byModule(tree, i);
	}

	/** @param {number} c */
	grey(c) {
		return {
			fill: this.dark ? oklch(0.34, c, 265) : oklch(0.88, c, 265),
			ink: this.dark ? "#d6dae4" : "#2f343f",
		};
	}

	/** Your own code in full colour, library code pale: the eye finds what it can change.
	 * @param {Tree} tree @param {number} i */
	byModule(tree, i) {
		const flags = tree.flags(i);
		const pack = packageOf(tree.module(i), tree.file(i));
		const step = textHash(tree.name(i)) % 5;
		return this.kept(`m${flags & 3} ${step} ${pack}`, () => this.packagePaint(pack, step, flags));
	}

	/** @param {string} pack @param {number} step 0..4, tells neighbours apart @param {number} flags */
	packagePaint(pack, step, flags) {
		const pale = flags & (LIBRARY | NATIVE);
		const c = flags & NATIVE ? 0.03 : pale ? 0.048 : this.dark ? 0.115 : 0.105;
		const l = this.dark ? (pale ? 0.38 : 0.46) : pale ? 0.89 : 0.81;
		return {
			fill: oklch(l + (step - 2) * 0.012, c, hueOf(pack)),
			ink: this.dark ? (pale ? "#e3e6ed" : "#ffffff") : "#14171d",
		};
	}

	/** Pale to hot by the share of the node's own time. @param {Tree} tree @param {number} i */
	bySelf(tree, i) {
		const share = tree.total[0] ? tree.self[i] / tree.total[0] : 0;
		const heat = share <= 0 ? 0 : Math.min(10, Math.max(1, Math.round(10 + 2.2 * Math.log10(share) * 1.5)));
		return this.kept(`s${heat}`, () => this.heat(heat / 10));
	}

	/** 0 cold to 1 hot. @param {number} t @returns {Paint} */
	heat(t) {
		const hue = 95 - 70 * t;
		const l = this.dark ? 0.3 + 0.18 * t : 0.95 - 0.27 * t;
		return {
			fill: oklch(l, 0.01 + 0.17 * t, hue),
			ink: this.dark ? "#f2f3f7" : "#14171d",
		};
	}

	/** The colour of the state that most of a node's time was in. @param {Tree} tree @param {number} i */
	byState(tree, i) {
		const c = tree.columns, all = c.total_ns[i] || 1;
		const cpu = (c.cpu_ns?.[i] ?? 0) / all, wait = (c.wait_ns?.[i] ?? 0) / all;
		const idle = Math.max(0, 1 - cpu - wait);
		const best = cpu >= wait && cpu >= idle ? "cpu" : wait >= idle ? "gil_wait" : "idle";
		const share = Math.round({ cpu, gil_wait: wait, idle }[best] * 4) / 4;
		return this.kept(`t${best}${share}`, () => this.state(best, share));
	}

	/** @param {string} state @param {number} [share] @returns {Paint} */
	state(state, share = 1) {
		const [hue, chroma] = STATE_HUES[state] ?? [265, 0.01];
		return {
			fill: this.dark ? oklch(0.37 + 0.09 * share, chroma * share, hue) : oklch(0.9 - 0.12 * share, chroma * share, hue),
			ink: this.dark ? "#f2f3f7" : "#14171d",
		};
	}

	/** Blue grew smaller, red grew larger; only-here has colours of its own.
	 * @param {Tree} tree @param {number} i */
	byChange(tree, i) {
		const c = tree.columns;
		if (c.side?.[i] === 1) return this.kept("dA", () => this.diffPaint(205, 0.11, 0));
		if (c.side?.[i] === 2) return this.kept("dB", () => this.diffPaint(310, 0.13, 0));
		if (c.p?.[i] > 0.05) return this.kept("d0", () => this.grey(0.006)); // may be chance
		const d = Math.max(-1, Math.min(1, changeOf(tree, i) * 12));
		const step = Math.sign(d) * Math.round(Math.sqrt(Math.abs(d)) * 6);
		return this.kept(`d${step}`, () =>
			step === 0 ? this.grey(0.006) : this.diffPaint(step > 0 ? 25 : 145, 0.025 * Math.abs(step), Math.abs(step)));
	}

	/** @param {number} hue @param {number} chroma @param {number} step */
	diffPaint(hue, chroma, step) {
		return {
			fill: this.dark ? oklch(0.37 + 0.016 * step, chroma, hue) : oklch(0.91 - 0.035 * step, chroma, hue),
			ink: this.dark ? "#f2f3f7" : "#14171d",
		};
	}
}

/** Change of share of the whole, B minus A. @param {Tree} tree @param {number} i */
export function changeOf(tree, i) {
	const c = tree.columns, u = tree.unit;
	const a = c[`total_${u}_a`], b = c[`total_${u}_b`];
	if (!a || !b) return 0;
	return b[i] / (b[0] || 1) - a[i] / (a[0] || 1);
}

/** Hue and chroma of each state, the same in charts, lanes and graphs. @type {Record<string, [number, number]>} */
export const STATE_HUES = {
	cpu: [152, 0.13],
	gil: [262, 0.14],
	gil_wait: [45, 0.15],
	idle: [255, 0.025],
	gc: [330, 0.15],
	exc: [20, 0.17],
	native: [200, 0.1],
};
