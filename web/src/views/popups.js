// popups.js - what floats: the tip at the pointer, menus, short messages.

import { h, fill } from "../base/dom.js";

const tip = h("div", { class: "tip", hidden: true, role: "tooltip" });

/** @param {import("../base/dom.js").Child[]} content @param {number} x @param {number} y */
export function showTip(content, x, y) {
	if (!tip.isConnected) document.body.append(tip);
	fill(tip, ...content);
	tip.hidden = false;
	const w = tip.offsetWidth, hgt = tip.offsetHeight;
	const left = x + 14 + w > innerWidth ? Math.max(6, x - w - 10) : x + 14;
	const top = y + 18 + hgt > innerHeight ? Math.max(6, y - hgt - 12) : y + 18;
	tip.style.transform = `translate(${left}px, ${top}px)`;
}

export function hideTip() {
	tip.hidden = true;
}

/** @typedef {{ label: string, keys?: string, act: () => void } | null | false | undefined} Item */

/** @param {string} title @param {Item[]} items @param {number} x @param {number} y */
export function showMenu(title, items, x, y) {
	closeMenu();
	hideTip();
	const back = document.activeElement;
	const menu = h("div", { class: "menu", role: "menu" }, h("div", { class: "title cut" }, title));
	for (const item of items) {
		if (!item) continue;
		menu.append(h("button", { role: "menuitem", onclick: () => { closeMenu(); item.act(); } },
			item.label, item.keys && h("kbd", null, item.keys)));
	}
	document.body.append(menu);
	menu.style.left = `${Math.max(4, Math.min(x, innerWidth - menu.offsetWidth - 6))}px`;
	menu.style.top = `${Math.max(4, Math.min(y, innerHeight - menu.offsetHeight - 6))}px`;
	menu.querySelector("button")?.focus();
	menu.addEventListener("keydown", (e) => {
		e.stopPropagation();
		const all = [...menu.querySelectorAll("button")], at = all.indexOf(/** @type {any} */ (document.activeElement));
		if (e.key === "ArrowDown") all[(at + 1) % all.length]?.focus();
		else if (e.key === "ArrowUp") all[(at + all.length - 1) % all.length]?.focus();
		else if (e.key === "Escape" || e.key === "Tab") {
			closeMenu();
			if (back instanceof HTMLElement) back.focus();
		} else return;
		e.preventDefault();
	});
	const away = (/** @type {Event} */ e) => {
		if (e.target instanceof Node && menu.contains(e.target)) return;
		closeMenu();
	};
	setTimeout(() => document.addEventListener("pointerdown", away, { capture: true }));
	open = { menu, away };
}

/** @type {{ menu: HTMLElement, away: (e: Event) => void } | null} */
let open = null;

export function closeMenu() {
	if (!open) return false;
	document.removeEventListener("pointerdown", open.away, { capture: true });
	open.menu.remove();
	open = null;
	return true;
}

const toasts = h("div", { class: "toasts", role: "status", "aria-live": "polite" });

/** @param {string} text @param {"good" | "bad" | ""} [kind] @param {string} [more] */
export function toast(text, kind = "", more = "") {
	if (!toasts.isConnected) document.body.append(toasts);
	const el = h("div", { class: `toast ${kind}` }, text, more && h("small", null, more));
	toasts.append(el);
	setTimeout(() => el.remove(), kind === "bad" ? 9000 : 2600);
}

/** A dialog with a heading; Escape and a click beside it close it.
 * @param {string} title @param {...import("../base/dom.js").Child} content */
export function showDialog(title, ...content) {
	const dialog = h("dialog", { class: "dialog", "aria-label": title });
	const close = () => {
		dialog.close();
		dialog.remove();
	};
	dialog.append(h("header", null, h("h2", null, title), h("button", { class: "button plain square", "aria-label": "Close", onclick: close }, "✕")));
	const body = h("div", { class: "dialog-body" });
	fill(body, ...content);
	dialog.append(body);
	dialog.addEventListener("click", (e) => e.target === dialog && close());
	dialog.addEventListener("close", () => dialog.remove());
	document.body.append(dialog);
	dialog.showModal();
	return { dialog, body, close };
}
