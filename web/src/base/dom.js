// dom.js - elements without markup: text is always text, whatever a target calls things.

/** @typedef {string | number | Node | null | undefined | false} Leaf */
/** @typedef {Leaf | Leaf[] | (Leaf | Leaf[])[] | (Leaf | Leaf[] | (Leaf | Leaf[])[])[]} Child */

/**
 * Makes an element. Attributes: `class`, `on*` listeners, `data-*`, properties otherwise
 * set as attributes; false and null leave one out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any> | null} [attrs]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attrs, ...children) {
	const el = document.createElement(tag);
	for (const [key, value] of Object.entries(attrs ?? {})) {
		if (value === null || value === undefined || value === false) continue;
		if (key.startsWith("on")) el.addEventListener(key.slice(2), value);
		else el.setAttribute(key, value === true ? "" : String(value));
	}
	append(el, children);
	return el;
}

/**
 * @param {Element} el
 * @param {Child[]} children
 */
export function append(el, children) {
	for (const child of /** @type {Leaf[]} */ (children.flat(3))) {
		if (child === null || child === undefined || child === false) continue;
		el.append(child instanceof Node ? child : String(child));
	}
}

/**
 * Replaces what is inside. The focus stays on what has the same data-key.
 * @param {Element} el
 * @param {...Child} children
 */
export function fill(el, ...children) {
	const focused = document.activeElement;
	const key = focused instanceof HTMLElement && el.contains(focused) ? focused.dataset.key : undefined;
	el.replaceChildren();
	append(el, children);
	const again = key !== undefined && el.querySelector(`[data-key="${CSS.escape(key)}"]`);
	if (again instanceof HTMLElement) again.focus({ preventScroll: true });
}

/** Sets text only when it differs: live updates must not disturb a selection.
 * @param {Node} el @param {string} text */
export function setText(el, text) {
	if (el.textContent !== text) el.textContent = text;
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon of one path on a 16 by 16 grid, stroked in the text's colour.
 * @param {string} d */
export function icon(d) {
	const svg = document.createElementNS(SVG, "svg");
	svg.setAttribute("viewBox", "0 0 16 16");
	svg.setAttribute("class", "icon");
	svg.setAttribute("aria-hidden", "true");
	const path = document.createElementNS(SVG, "path");
	path.setAttribute("d", d);
	svg.append(path);
	return svg;
}

/** Puts text on the clipboard, also where the clipboard API is missing (plain HTTP).
 * @param {string} text */
export async function copyText(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		const area = h("textarea", { class: "offscreen", "aria-hidden": "true" });
		area.value = text;
		document.body.append(area);
		area.select();
		const done = document.execCommand("copy");
		area.remove();
		return done;
	}
}
