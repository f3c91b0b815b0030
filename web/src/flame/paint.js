// paint.js - draws one frame of the flame graph: only rows and boxes that are seen.

import { changeOf } from "./color.js";
import { ROW } from "./flame.js";
import { visit } from "./layout.js";
import { MARK } from "./tree.js";

/** @typedef {import("./flame.js").Flame} Flame */
/** @typedef {import("./tree.js").Tree} Tree */

const GAP = 1;
const TEXT_FROM = 22;
const PAD = 5;

/** How much of the ink what stands beside a name has, and names on boxes that step back. */
export const BESIDE = 0.85, BACK = 0.8;

const FONT = '12px ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

/** Widths of texts in the font above. @type {Map<string, number>} */
const widths = new Map();

/** @param {CanvasRenderingContext2D} c @param {string} text */
function widthOf(c, text) {
	let w = widths.get(text);
	if (w === undefined) {
		if (widths.size > 50000) widths.clear();
		widths.set(text, (w = c.measureText(text).width));
	}
	return w;
}

/** As much of a text as fits. @param {CanvasRenderingContext2D} c @param {string} text @param {number} room */
function fitted(c, text, room) {
	const w = widthOf(c, text);
	if (w <= room) return text;
	let n = Math.floor((text.length * (room - 9)) / w);
	while (n > 0 && widthOf(c, `${text.slice(0, n)}…`) > room) n--;
	return n > 0 ? `${text.slice(0, n)}…` : "";
}

/** @param {Flame} f @param {number} v0 @param {number} v1 */
export function paint(f, v0, v1) {
	const c = f.context, t = f.tree;
	const style = getTheme(f);
	c.setTransform(f.ratio, 0, 0, f.ratio, 0, 0);
	c.fillStyle = style.back;
	c.fillRect(0, 0, f.width, f.height);
	if (!t || t.n === 0 || !t.total[0]) return;
	c.font = FONT;
	c.textBaseline = "middle";
	const a = Math.max(0, Math.min(f.depthAt(0), f.depthAt(f.height - 1)));
	const b = Math.min(t.maxDepth, Math.max(f.depthAt(0), f.depthAt(f.height - 1)));
	const zoomDepth = t.depth[f.zoom];
	for (let depth = a; depth <= b; depth++)
		paintRow(f, c, t, depth, v0, v1, depth < zoomDepth, style);
	outline(f, c, t, f.hovered, v0, v1, style.hover, 1.5);
	outline(f, c, t, f.selected, v0, v1, style.select, 2);
}

/** @typedef {{ back: string, dust: string, hover: string, select: string, hit: string, hitInk: string, dim: number }} Style */

/** @param {Flame} f @returns {Style} */
function getTheme(f) {
	return f.colors.dark
		? { back: "#14171e", dust: "#3a4050", hover: "#ffffff", select: "#8fb0ff", hit: "#f4c542", hitInk: "#1d1704", dim: 0.28 }
		: { back: "#ffffff", dust: "#c9ced8", hover: "#14171d", select: "#2f5bff", hit: "#ffd24a", hitInk: "#1d1704", dim: 0.3 };
}

/**
 * @param {Flame} f @param {CanvasRenderingContext2D} c @param {Tree} t @param {number} depth
 * @param {number} v0 @param {number} v1 @param {boolean} above of the zoomed node
 * @param {Style} style
 */
function paintRow(f, c, t, depth, v0, v1, above, style) {
	const top = f.rowTop(depth), found = f.found;
	visit(t, depth, v0, v1, f.width, (i, x, w) => {
		const left = Math.max(x, 0), right = Math.min(x + w, f.width);
		const hit = found !== null && found.hit[i] === 1;
		const colors = f.paintOf(i);
		c.globalAlpha = above ? 0.55 : found && !hit ? style.dim : 1;
		c.fillStyle = hit ? style.hit : colors.fill;
		c.fillRect(left, top, Math.max(right - left - (w > 3 ? GAP : 0), 0.5), ROW - GAP);
		if (right - left > TEXT_FROM) label(f, c, t, i, left, right - left, top, hit ? style.hitInk : colors.ink);
	}, (x, w) => {
		c.globalAlpha = above ? 0.55 : found ? style.dim : 1;
		c.fillStyle = style.dust;
		c.fillRect(x, top, Math.min(w, f.width - x), ROW - GAP);
	});
	c.globalAlpha = 1;
}

/**
 * The name, then where there is room the module and the share.
 * @param {Flame} f @param {CanvasRenderingContext2D} c @param {Tree} t @param {number} i
 * @param {number} left @param {number} room @param {number} top @param {string} ink
 */
function label(f, c, t, i, left, room, top, ink) {
	const y = top + (ROW - GAP) / 2 + 0.5;
	const name = i === 0 ? rootName(t) : t.label(i);
	const inside = room - 2 * PAD;
	const text = fitted(c, name, inside);
	if (!text) return;
	c.globalAlpha = Math.max(c.globalAlpha, BACK);
	c.fillStyle = ink;
	c.fillText(text, left + PAD, y);
	const used = widthOf(c, name);
	if (text !== name || inside - used < 46) return;
	const share = f.colorBy === "diff" ? signed(changeOf(t, i)) : percentShort(t.total[i] / t.total[0]);
	const shareWidth = widthOf(c, share);
	const alpha = c.globalAlpha;
	c.globalAlpha = Math.max(alpha * BESIDE, BACK);
	const tail = t.flags(i) & MARK ? "" : t.module(i) || t.file(i).split("/").pop() || "";
	if (tail && inside - used - shareWidth > 60) {
		const shown = fitted(c, tail, inside - used - shareWidth - 26);
		if (shown) c.fillText(shown, left + PAD + used + 9, y);
	}
	c.fillText(share, left + room - PAD - shareWidth - 1, y);
	c.globalAlpha = alpha;
}

/** @param {Tree} t */
function rootName(t) {
	return t.name(0) || "all";
}

/** @param {number} x */
function percentShort(x) {
	const p = x * 100;
	return p >= 99.95 ? "100%" : p >= 10 ? `${p.toFixed(0)}%` : p >= 1 ? `${p.toFixed(1)}%` : `${p.toFixed(2)}%`;
}

/** @param {number} x */
function signed(x) {
	if (Math.abs(x) < 0.00005) return "0";
	return `${x > 0 ? "+" : x < 0 ? "−" : ""}${percentShort(Math.abs(x))}`;
}

/**
 * @param {Flame} f @param {CanvasRenderingContext2D} c @param {Tree} t @param {number} i
 * @param {number} v0 @param {number} v1 @param {string} color @param {number} width
 */
function outline(f, c, t, i, v0, v1, color, width) {
	if (i < 0) return;
	const scale = f.width / (v1 - v0);
	const left = (t.x[i] - v0) * scale, w = Math.max(t.total[i] * scale - GAP, 2);
	const x0 = Math.max(left, -4), x1 = Math.min(left + w, f.width + 4);
	if (x1 <= x0) return;
	c.strokeStyle = color;
	c.lineWidth = width;
	c.strokeRect(x0 + width / 2, f.rowTop(t.depth[i]) + width / 2, Math.max(x1 - x0 - width, 1), ROW - GAP - width);
}
