// audit.mjs - runs inside a page: which texts are hard to read on what lies behind them, and
// which are cut off by a box that neither scrolls nor says so with an ellipsis.

/** @returns {string[]} what is wrong, a line for each kind of element */
export function audit() {
	const pixel = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d", { willReadFrequently: true }));
	/** @type {Map<string, number[]>} */
	const known = new Map();
	const rgba = (/** @type {string} */ color) => {
		if (!known.has(color)) {
			pixel.clearRect(0, 0, 1, 1);
			pixel.fillStyle = color;
			pixel.fillRect(0, 0, 1, 1);
			const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
			known.set(color, [r, g, b, a / 255]);
		}
		return /** @type {number[]} */ (known.get(color));
	};
	const over = (/** @type {number[]} */ a, /** @type {number[]} */ b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
	const light = (/** @type {number[]} */ c) => [0.2126, 0.7152, 0.0722].reduce((sum, w, i) => sum + w * (c[i] <= 10 ? c[i] / 255 / 12.92 : ((c[i] / 255 + 0.055) / 1.055) ** 2.4), 0);
	const ratio = (/** @type {number[]} */ a, /** @type {number[]} */ b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
	const up = (/** @type {Element} */ el) => {
		const all = [];
		for (let e = /** @type {Element | null} */ (el); e; e = e.parentElement) all.push(e);
		return all;
	};
	const behind = (/** @type {Element} */ el) => up(el).reverse().reduce((c, e) => over(rgba(getComputedStyle(e).backgroundColor), c), [255, 255, 255, 1]);
	/** @type {Map<string, string>} */
	const wrong = new Map();
	const readable = (/** @type {Element} */ el, /** @type {string} */ color, /** @type {string} */ text) => {
		const back = behind(el), [r, g, b, a] = rgba(color), opacity = up(el).reduce((o, e) => o * Number(getComputedStyle(e).opacity), 1);
		const found = ratio(over([r, g, b, a * opacity], back), back);
		if (found < 4.5 && !el.closest(":disabled")) wrong.set(`contrast ${el.className} in ${el.parentElement?.className}`, `${found.toFixed(2)} ${text.slice(0, 30)}`);
	};
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
	for (let node; (node = texts.nextNode());) {
		const text = node.textContent?.trim() ?? "", el = node.parentElement;
		if (!text || !el?.checkVisibility() || el.closest("noscript, option, .offscreen, .skip")) continue;
		range.selectNodeContents(node);
		const box = range.getBoundingClientRect();
		readable(el, getComputedStyle(el).color, text);
		for (const e of up(el)) {
			const style = getComputedStyle(e), edge = e.getBoundingClientRect();
			if (style.textOverflow === "ellipsis" || /auto|scroll/.test(style.overflow)) break;
			const cut = Math.max(style.overflowX === "hidden" ? Math.max(box.right - edge.right, edge.left - box.left) : 0, style.overflowY === "hidden" ? box.bottom - edge.bottom - 2 : 0);
			if (cut > 1) wrong.set(`cut ${el.className} in ${e.className}`, `${cut.toFixed(0)} px of ${text.slice(0, 30)}`);
		}
	}
	for (const el of document.querySelectorAll("input[placeholder]"))
		if (el.checkVisibility()) readable(el, getComputedStyle(el, "::placeholder").color, "placeholder");
	return [...wrong].map(([what, how]) => `${what}: ${how}`);
}
