// svg.js - the script inside an exported flame graph: search by regular expression, zoom,
// reset, keyboard, colours. It only moves and marks what the file already draws.
"use strict";
(() => {
const NS = "http://www.w3.org/2000/svg";
const svg = document.currentScript.closest("svg");
const WIDTH = svg.viewBox.baseVal.width, MARGIN = 10, CHAR = 7;
const unit = svg.getAttribute("data-unit");

// One record per box, in the order of the file: parents come before their children.
const frames = [...svg.querySelectorAll("#frames > .f")].map((g) => {
	const rect = g.querySelector("rect"), text = g.querySelector("text");
	const title = g.querySelector("title").textContent;
	return {
		g, rect, text, title, name: title.split("\n")[0],
		x: +rect.getAttribute("x"), w: +rect.getAttribute("width"),
		y: +rect.getAttribute("y"), value: +g.getAttribute("data-v"),
		parent: null, children: [],
	};
});
const rows = new Map();
for (const f of frames) {
	const above = rows.get(f.y - 18) || [];
	f.parent = above.findLast((p) => p.x <= f.x + 0.02 && f.x < p.x + p.w) || null;
	if (f.parent) f.parent.children.push(f);
	if (!rows.has(f.y)) rows.set(f.y, []);
	rows.get(f.y).push(f);
}
for (const f of frames) f.children.sort((a, b) => a.x - b.x);
const root = frames[0];
let zoomed = root, focus = root, pattern = "", typing = false;

const shown = (v) => unit === "samples" ? `${v} samples` : unit === "share" ? ""
	: v >= 1e9 ? `${(v / 1e9).toFixed(2)} s` : `${(v / 1e6).toFixed(2)} ms`;

function label(f, width) {
	const name = f === root ? "all" : shortName(f.name);
	const room = Math.floor((width - 6) / CHAR);
	f.text.textContent = room < 3 ? "" : name.length <= room ? name : name.slice(0, room - 2) + "..";
}

// The title's first line is "name (file:line)"; the box shows the name.
function shortName(line) {
	const at = line.lastIndexOf(" (");
	return at > 0 ? line.slice(0, at) : line;
}

function place(f, x, w) {
	f.rect.setAttribute("x", x.toFixed(2));
	f.rect.setAttribute("width", Math.max(w, 0).toFixed(2));
	f.text.setAttribute("x", (x + 3).toFixed(2));
	label(f, w);
}

function zoom(to) {
	zoomed = to;
	const scale = (WIDTH - 2 * MARGIN) / to.w;
	for (const f of frames) {
		const inside = f.x >= to.x - 0.01 && f.x + f.w <= to.x + to.w + 0.01;
		const above = f.y < to.y && f.x <= to.x + 0.01 && f.x + f.w >= to.x + to.w - 0.01;
		const show = above || (inside && f.y >= to.y);
		f.g.style.display = show ? "" : "none";
		f.g.classList.toggle("above", above);
		if (above) place(f, MARGIN, WIDTH - 2 * MARGIN);
		else if (show) place(f, MARGIN + (f.x - to.x) * scale, f.w * scale);
	}
	say();
}

// The weight of all matching boxes, those inside another match not counted twice.
function search(text) {
	pattern = text;
	let re = null, sum = 0, bad = false;
	try { re = text ? new RegExp(text, "i") : null; } catch { bad = true; }
	const covered = new Set();
	for (const f of frames) {
		const hit = re !== null && f !== root && re.test(f.name);
		f.g.classList.toggle("hit", hit);
		if (f.parent && covered.has(f.parent)) covered.add(f);
		else if (hit) { covered.add(f); sum += f.value; }
	}
	svg.setAttribute("data-matched", re ? (100 * sum / root.value).toFixed(2) : "");
	say(bad ? "not a regular expression yet" : re ? `matched ${(100 * sum / root.value).toFixed(2)} %` : "");
}

// --- the line of tools and what it says ---

const tools = document.getElementById("tools");
function tool(id, x, width, text, act) {
	const g = document.createElementNS(NS, "g");
	g.setAttribute("class", "tool");
	g.id = id;
	g.innerHTML = `<rect x="${x}" y="8" rx="3" width="${width}" height="20"/><text x="${x + 8}" y="22"></text>`;
	g.querySelector("text").textContent = text;
	g.addEventListener("click", act);
	tools.append(g);
	return g;
}
const box = tool("search", WIDTH - 450, 230, "", () => { typing = true; say(); });
const how = tool("colours", WIDTH - 210, 130, "", recolour);
if (svg.classList.contains("by-diff")) how.style.display = "none";
tool("reset", WIDTH - 70, 60, "reset", reset);
const status = document.createElementNS(NS, "text");
status.setAttribute("class", "sub");
status.setAttribute("id", "status");
status.setAttribute("x", WIDTH - 450);
status.setAttribute("y", 46);
tools.append(status);

function say(text) {
	box.classList.toggle("on", typing);
	box.querySelector("text").textContent = typing || pattern ? `/${pattern}${typing ? "_" : ""}` : "/ search (regex)";
	how.querySelector("text").textContent = svg.classList.contains("by-state") ? "c: state" : "c: package";
	if (text !== undefined) status.textContent = text;
}

function describe(f) {
	status.textContent = `${f === root ? "all" : shortName(f.name)} ${shown(f.value)} ${(100 * f.value / root.value).toFixed(2)} %`;
}

function recolour() {
	if (svg.classList.contains("by-diff")) return;
	svg.classList.toggle("by-package");
	svg.classList.toggle("by-state");
	say();
}

function reset() {
	typing = false;
	search("");
	zoom(root);
	look(root);
	status.textContent = "";
}

function look(f) {
	focus.g.classList.remove("focus");
	focus = f;
	f.g.classList.add("focus");
	describe(f);
}

function sibling(f, by) {
	const row = rows.get(f.y).filter((o) => o.g.style.display !== "none").sort((a, b) => a.x - b.x);
	return row[row.indexOf(f) + by] || f;
}

const visible = (f) => f && f.g.style.display !== "none" ? f : null;
const heaviest = (f) => f.children.reduce((a, b) => (a && a.w >= b.w ? a : b), null);
const keys = {
	ArrowDown: () => look(visible(heaviest(focus)) || focus),
	ArrowUp: () => look(focus.parent || focus),
	ArrowLeft: () => look(sibling(focus, -1)),
	ArrowRight: () => look(sibling(focus, 1)),
	Enter: () => zoom(focus),
	" ": () => zoom(focus),
	Backspace: () => zoom(zoomed.parent || root),
	Escape: reset,
	"0": reset,
	c: recolour,
	"/": () => { typing = true; say(); },
};

document.addEventListener("keydown", (e) => {
	if (e.altKey || e.metaKey || (e.ctrlKey && e.key !== "f")) return;
	if (typing) {
		if (e.key === "Escape") { typing = false; search(""); }
		else if (e.key === "Enter") { typing = false; say(); }
		else if (e.key === "Backspace") search(pattern.slice(0, -1));
		else if (e.key.length === 1) search(pattern + e.key);
		else return;
	} else if (e.ctrlKey) {
		keys["/"]();
	} else if (keys[e.key]) {
		keys[e.key]();
	} else {
		return;
	}
	e.preventDefault();
});
for (const f of frames) {
	f.g.addEventListener("click", () => { look(f); zoom(f); });
	f.g.addEventListener("mouseenter", () => describe(f));
}
say("");
})();
