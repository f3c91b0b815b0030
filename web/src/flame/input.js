// input.js - mouse, touch and keyboard of the flame graph.

import { fingers } from "../base/touch.js";
import { neighbour, nodeAt } from "./layout.js";

/** @typedef {import("./flame.js").Flame} Flame */

/** @param {Flame} f @param {MouseEvent} e */
function nodeUnder(f, e) {
	if (!f.tree || !f.width) return -1;
	const box = f.canvas.getBoundingClientRect();
	const x = e.clientX - box.left, y = e.clientY - box.top;
	if (x < 0 || x >= f.width || y < 0 || y >= f.height) return -1;
	return nodeAt(f.tree, f.depthAt(y), f.v0 + (x / f.width) * (f.v1 - f.v0));
}

/** @param {Flame} f */
export function attachInput(f) {
	mouse(f);
	wheel(f);
	f.scroller.addEventListener("keydown", (e) => key(f, e));
}

/** @param {Flame} f */
function mouse(f) {
	/** @type {{ x: number, v0: number, v1: number, top: number, y: number, moved: boolean } | null} */
	let drag = null;
	const touch = fingers(f.canvas, {
		span: () => [f.v0, f.v1], left: () => 0, width: () => f.width, look: (a, b) => f.look(a, b), pans: true,
	});
	f.canvas.addEventListener("pointerdown", (e) => {
		if (e.button !== 0) return;
		drag = { x: e.clientX, y: e.clientY, v0: f.v0, v1: f.v1, top: f.scroller.scrollTop, moved: false };
		if (e.pointerType === "mouse") f.canvas.setPointerCapture(e.pointerId);
	});
	f.canvas.addEventListener("pointermove", (e) => {
		if (drag && e.pointerType === "mouse" && (drag.moved || Math.hypot(e.clientX - drag.x, e.clientY - drag.y) > 4)) {
			drag.moved = true;
			f.canvas.style.cursor = "grabbing";
			const shift = ((drag.x - e.clientX) / f.width) * (drag.v1 - drag.v0);
			f.look(drag.v0 + shift, drag.v1 + shift);
			f.scroller.scrollTop = drag.top + drag.y - e.clientY;
			return;
		}
		if (e.pointerType !== "touch") hover(f, nodeUnder(f, e), e);
	});
	f.canvas.addEventListener("pointerup", (e) => {
		const was = drag;
		drag = null;
		f.canvas.style.cursor = "";
		if (!was || was.moved || e.button !== 0 || (e.pointerType === "touch" && touch.moved)) return;
		const node = nodeUnder(f, e);
		if (node < 0) return;
		f.select(node);
		f.zoomTo(node);
	});
	f.canvas.addEventListener("pointercancel", () => (drag = null));
	f.canvas.addEventListener("pointerleave", (e) => hover(f, -1, e));
	f.canvas.addEventListener("contextmenu", (e) => {
		const node = nodeUnder(f, e);
		if (node < 0) return;
		e.preventDefault();
		f.select(node);
		f.events.menu?.(node, e.clientX, e.clientY);
	});
}

/** @param {Flame} f @param {number} node @param {MouseEvent} e */
function hover(f, node, e) {
	if (node !== f.hovered) {
		f.hovered = node;
		f.canvas.style.cursor = node >= 0 ? "pointer" : "";
		f.redraw();
	}
	f.events.hovered?.(node, e.clientX, e.clientY);
}

/** Ctrl or Alt and the wheel zooms at the pointer, sideways pans; plain scrolls rows.
 * @param {Flame} f */
function wheel(f) {
	f.canvas.addEventListener("wheel", (e) => {
		const sideways = Math.abs(e.deltaX) > Math.abs(e.deltaY) || e.shiftKey;
		const w = f.v1 - f.v0;
		if (e.ctrlKey || e.altKey || e.metaKey) {
			e.preventDefault();
			const at = f.v0 + ((e.clientX - f.canvas.getBoundingClientRect().left) / f.width) * w;
			const k = Math.exp(Math.max(-60, Math.min(60, e.deltaY)) * 0.008);
			f.look(at - (at - f.v0) * k, at + (f.v1 - at) * k);
		} else if (sideways && w < (f.tree?.total[0] ?? 0)) {
			e.preventDefault();
			const shift = ((e.deltaX || e.deltaY) / f.width) * w;
			f.look(f.v0 + shift, f.v1 + shift);
		}
	}, { passive: false });
}

/** @type {Record<string, (f: Flame) => void>} */
const KEYS = {
	ArrowUp: (f) => move(f, f.icicle ? "parent" : "child"),
	ArrowDown: (f) => move(f, f.icicle ? "child" : "parent"),
	ArrowLeft: (f) => move(f, "left"),
	ArrowRight: (f) => move(f, "right"),
	Enter: (f) => f.zoomTo(f.selected),
	Backspace: (f) => f.tree && f.zoomTo(f.tree.parent[f.zoom]),
	Home: (f) => f.zoomTo(0),
	"+": (f) => scale(f, 0.6),
	"=": (f) => scale(f, 0.6),
	"-": (f) => scale(f, 1 / 0.6),
};

/** @param {Flame} f @param {KeyboardEvent} e */
function key(f, e) {
	if (e.ctrlKey || e.metaKey || e.altKey) return;
	if ((e.key === "ContextMenu" || (e.key === "F10" && e.shiftKey)) && f.selected >= 0) {
		e.preventDefault();
		const box = f.canvas.getBoundingClientRect();
		f.events.menu?.(f.selected, box.left + 40, box.top + Math.max(0, f.rowTop(f.tree?.depth[f.selected] ?? 0)) + 20);
		return;
	}
	const act = KEYS[e.key];
	if (!act || !f.tree) return;
	e.preventDefault();
	act(f);
}

/** @param {Flame} f @param {"parent" | "child" | "left" | "right"} where */
function move(f, where) {
	if (!f.tree) return;
	f.select(f.selected < 0 ? f.zoom : neighbour(f.tree, f.selected, where));
}

/** @param {Flame} f @param {number} k */
function scale(f, k) {
	const middle = (f.v0 + f.v1) / 2, half = ((f.v1 - f.v0) / 2) * k;
	f.look(middle - half, middle + half);
}
