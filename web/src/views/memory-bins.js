// memory-bins.js - readings of memory into equal bins, and what stacks have in common.

/**
 * Sums over processes what each read in a bucket; the last reading of a process counts on
 * through buckets in which it was not read, but not before its first or after its last.
 * @param {any} p @param {number} from @param {number} step @param {number} count
 */
export function bin(p, from, step, count) {
	const out = Array.from({ length: count }, () => ({ mean: /** @type {number | null} */ (null), max: /** @type {number | null} */ (null), stacks: /** @type {number[]} */ ([]) }));
	let k = 0;
	const n = p.time_ms.length;
	while (k < n) {
		const series = p.series[k];
		let last = -1, value = 0;
		/** @type {Map<number, { sum: number, n: number, max: number }>} */
		const mine = new Map();
		for (; k < n && p.series[k] === series; k++) {
			const i = Math.min(count - 1, Math.max(0, Math.floor((p.time_ms[k] - from) / step)));
			const m = mine.get(i) ?? { sum: 0, n: 0, max: 0 };
			m.sum += p.rss[k];
			m.n++;
			m.max = Math.max(m.max, p.rss[k]);
			mine.set(i, m);
			if (p.stack[k] >= 0) out[i].stacks.push(p.stack[k]);
			for (let j = last + 1; last >= 0 && j < i && i - last < 12; j++) add(out[j], value, value);
			last = i;
			value = p.rss[k];
		}
		for (const [i, m] of mine) add(out[i], m.sum / m.n, m.max);
	}
	return out;
}

/** @param {{ mean: number | null, max: number | null }} b @param {number} mean @param {number} max */
function add(b, mean, max) {
	b.mean = (b.mean ?? 0) + mean;
	b.max = (b.max ?? 0) + max;
}

/** The beginning that all folded stacks share. @param {string[]} stacks */
export function common(stacks) {
	if (!stacks.length) return "";
	let first = (stacks[0] ?? "").split(";");
	for (const s of stacks) {
		const parts = (s ?? "").split(";");
		let i = 0;
		while (i < first.length && first[i] === parts[i]) i++;
		first = first.slice(0, i);
	}
	return first.slice(-4).join(" › ");
}
