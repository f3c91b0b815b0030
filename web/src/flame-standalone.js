// flame-standalone.js - the flame graph in a file of its own: exported HTML carries this
// script and its data, and needs nothing else. The data is what /api/v1/flamegraph answers,
// with "title" and "unit" ("time" or "samples"), in <script type="application/json" id="profile">.

import { copyText, fill, h } from "./base/dom.js";
import * as fmt from "./base/format.js";
import { Flame } from "./flame/flame.js";
import { pattern } from "./flame/search.js";
import { MARK, Tree } from "./flame/tree.js";
import { hideTip, showMenu, showTip } from "./views/popups.js";

const data = JSON.parse(document.getElementById("profile")?.textContent || "null");
const app = /** @type {HTMLElement} */ (document.getElementById("app"));
const dark = matchMedia("(prefers-color-scheme: dark)");

/** @param {any} answer */
function show(answer) {
	/** @type {"n" | "ns"} */
	let unit = answer.nodes.total_ns?.[0] && answer.unit !== "samples" ? "ns" : "n";
	const value = (/** @type {number} */ v) => (unit === "n" ? fmt.count(v) : fmt.duration(v));
	const matched = h("span", { class: "matched", "aria-live": "polite" });
	const crumbs = h("nav", { class: "crumbs", "aria-label": "Path to the zoomed frame" });
	const details = h("div", { class: "details", "aria-live": "polite" });
	const flame = new Flame({
		zoomed: () => drawCrumbs(),
		selected: (i) => describe(i),
		hovered: (i, x, y) => hover(i, x, y),
		menu: (i, x, y) => menu(i, x, y),
	});
	const tree = () => /** @type {Tree} */ (flame.tree);
	const name = (/** @type {number} */ i) => (i ? tree().name(i) : tree().name(0) || "all");

	function drawCrumbs() {
		fill(crumbs, tree().path(flame.zoom).map((i, k) => [
			k > 0 && h("span", { class: "crumb-sep", "aria-hidden": "true" }, "›"),
			h("button", { class: "crumb cut", onclick: () => flame.zoomTo(i) }, name(i)),
		]).flat());
	}

	/** @param {number} i */
	function describe(i) {
		const t = tree(), whole = t.total[0] || 1;
		if (i < 0) return;
		fill(details, h("span", { class: "name cut" }, name(i)), h("span", { class: "cut" }, t.where(i)),
			h("span", null, "total ", h("b", null, value(t.total[i])), ` ${fmt.percent(t.total[i] / whole)}`),
			h("span", null, "self ", h("b", null, value(t.self[i])), ` ${fmt.percent(t.self[i] / whole)}`));
	}

	/** @param {number} i @param {number} x @param {number} y */
	function hover(i, x, y) {
		if (i < 0) return hideTip();
		const t = tree(), whole = t.total[0] || 1;
		showTip([h("div", { class: "name" }, name(i)), h("div", { class: "where" }, t.where(i) || t.module(i) || "\u00a0"),
			h("dl", null, h("dt", null, "total"), h("dd", null, value(t.total[i])), h("dd", null, fmt.percent(t.total[i] / whole)),
				h("dt", null, "self"), h("dd", null, value(t.self[i])), h("dd", null, fmt.percent(t.self[i] / whole)))], x, y);
	}

	/** @param {number} i @param {number} x @param {number} y */
	function menu(i, x, y) {
		const t = tree();
		showMenu(name(i), [
			{ label: "Zoom on it", act: () => flame.zoomTo(i) },
			!(t.flags(i) & MARK) && { label: "Copy name", act: () => void copyText(name(i)) },
			{ label: "Copy path", act: () => void copyText(t.path(i).slice(1).map((k) => `${t.name(k)} (${t.where(k)})`).join("\n")) },
		], x, y);
	}

	const search = h("input", {
		class: "field", type: "search", placeholder: "Search: regex (/)", "aria-label": "Search by regex", spellcheck: "false",
		oninput: () => {
			flame.setPattern(pattern(search.value));
			matched.textContent = flame.found ? fmt.percent(flame.found.weight / (tree().total[0] || 1)) : "";
		},
	});
	const look = h("select", { class: "field", "aria-label": "Colours", onchange: () => flame.setLook({ colorBy: /** @type {any} */ (look.value) }) },
		h("option", { value: "module" }, "by module"), h("option", { value: "self" }, "by self time"));
	const flip = h("button", { class: "button", "aria-pressed": "false", onclick: () => {
		flame.setLook({ icicle: !flame.icicle });
		flip.setAttribute("aria-pressed", String(!flame.icicle));
	} }, "Flame");
	const units = h("button", { class: "button", onclick: () => setUnit(unit === "n" ? "ns" : "n") });

	/** @param {"n" | "ns"} to */
	function setUnit(to) {
		unit = to;
		units.textContent = unit === "n" ? "Samples" : "Time";
		flame.setTree(new Tree(answer, unit));
		drawCrumbs();
		describe(flame.zoom);
	}

	const range = answer.from_ms ? `${fmt.dateTime(answer.from_ms)} – ${fmt.dateTime(answer.until_ms)}` : "";
	document.title = answer.title || "pystrobe";
	fill(app, h("div", { class: "flame-bar" }, h("h1", { class: "cut" }, answer.title || "pystrobe"), h("span", { class: "soft" }, range), h("span", { class: "spring" }),
		h("div", { class: "search" }, search, matched), look, flip, answer.nodes.total_n && answer.nodes.total_ns ? units : null), crumbs, flame.element, details);
	const theme = () => {
		document.documentElement.dataset.theme = dark.matches ? "dark" : "light";
		flame.setLook({ dark: dark.matches });
	};
	dark.addEventListener("change", theme);
	theme();
	setUnit(unit);
	document.addEventListener("keydown", (e) => {
		if (e.key === "/" && e.target !== search) {
			e.preventDefault();
			search.focus();
		} else if (e.key === "Escape") flame.zoomTo(0);
	});
}

if (data?.nodes) show(data);
else fill(app, h("p", { class: "details" }, "This page holds no profile."));
