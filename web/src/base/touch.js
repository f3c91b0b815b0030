// touch.js - fingers on a picture that is a stretch of something: one finger drags it, two
// stretch it, and what was under each finger stays there.

/**
 * @typedef {object} Stretch
 * @property {() => [number, number]} span what the edges of the picture stand for now
 * @property {() => number} left where the picture begins in the element, px
 * @property {() => number} width of the picture, px
 * @property {(v0: number, v1: number) => void} look show this instead
 * @property {boolean} [pans] one finger drags
 * @property {() => void} [done] the last finger left after a stretch
 */

/**
 * @param {HTMLElement} el
 * @param {Stretch} s
 * @returns {{ moved: boolean }} moved: since the first finger came; then it was no tap
 */
export function fingers(el, s) {
	/** @type {Map<number, { x: number, began: number, value: number }>} */
	const down = new Map();
	const state = { moved: false };
	let stretched = false;
	const hold = () => {
		const [v0, v1] = s.span(), edge = el.getBoundingClientRect().left + s.left();
		for (const f of down.values()) f.value = v0 + ((f.x - edge) / s.width()) * (v1 - v0);
	};
	const move = () => {
		const [a, b] = [...down.values()], edge = el.getBoundingClientRect().left + s.left();
		const [v0, v1] = s.span();
		let scale = (v1 - v0) / s.width();
		if (b && Math.abs(b.x - a.x) > 8 && b.value !== a.value) scale = Math.abs((b.value - a.value) / (b.x - a.x));
		const left = a.value - (a.x - edge) * scale;
		s.look(left, left + scale * s.width());
	};
	el.addEventListener("pointerdown", (e) => {
		if (e.pointerType !== "touch" || down.size === 2) return;
		if (down.size === 0) state.moved = stretched = false;
		down.set(e.pointerId, { x: e.clientX, began: e.clientX, value: 0 });
		if (down.size === 2) state.moved = stretched = true;
		hold();
	});
	el.addEventListener("pointermove", (e) => {
		const f = down.get(e.pointerId);
		if (!f) return;
		f.x = e.clientX;
		if (Math.abs(f.x - f.began) > 8) state.moved = true;
		if (down.size === 2 || (s.pans && state.moved)) move();
	});
	const up = (/** @type {PointerEvent} */ e) => {
		if (!down.delete(e.pointerId)) return;
		hold();
		if (down.size === 0 && stretched) s.done?.();
	};
	el.addEventListener("pointerup", up);
	el.addEventListener("pointercancel", up);
	return state;
}
