// junit.mjs - a reporter for node --test: JUnit XML, for node 18 and newer alike.
const escape = (/** @type {string} */ s) =>
	s.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "?").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** @param {AsyncIterable<any>} events */
export default async function* junit(events) {
	yield '<?xml version="1.0" encoding="utf-8"?>\n<testsuite name="web">\n';
	for await (const { type, data } of events) {
		if (type !== "test:pass" && type !== "test:fail") continue;
		if (data.details?.type === "suite" || data.name.endsWith(".test.mjs")) {
			if (type === "test:pass" || data.details?.error?.failureType === "subtestsFailed") continue;
		}
		yield `<testcase classname="web" name="${escape(data.name)}" time="${((data.details?.duration_ms ?? 0) / 1000).toFixed(3)}">`;
		if (data.skip !== undefined) yield `<skipped message="${escape(String(data.skip || "no reason given"))}"/>`;
		else if (type === "test:fail") {
			const cause = data.details?.error?.cause ?? data.details?.error;
			yield `<failure message="${escape(String(cause?.message ?? cause))}">${escape(String(cause?.stack ?? cause))}</failure>`;
		}
		yield "</testcase>\n";
	}
	yield "</testsuite>\n";
}
