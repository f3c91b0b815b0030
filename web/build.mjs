// build.mjs OUT - esbuild: the dashboard, its styles, and the page that exports carry.
//
// Output: index.html app.js app.css docs.css icon.svg flame-standalone.html
// flame-standalone.html has its script and style inside and a place for data:
// <script type="application/json" id="profile"></script>, see README.md.
import { build } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

const out = path.resolve(process.argv[2] ?? "../build/web");
const common = {
	bundle: true,
	minify: true,
	format: "esm",
	target: ["es2022", "chrome110", "firefox115", "safari16.4"],
	legalComments: "none",
	logLevel: "warning",
	charset: "utf8",
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await Promise.all([
	build({ ...common, entryPoints: ["src/app.js"], outfile: path.join(out, "app.js") }),
	build({ ...common, entryPoints: ["src/app.css"], outfile: path.join(out, "app.css") }),
	build({ ...common, entryPoints: ["src/docs.css"], outfile: path.join(out, "docs.css") }),
	cp("index.html", path.join(out, "index.html")),
	cp("icon.svg", path.join(out, "icon.svg")),
]);

const script = await build({
	...common,
	format: "iife",
	entryPoints: ["src/flame-standalone.js"],
	write: false,
});
const style = await build({ ...common, entryPoints: ["src/flame-standalone.css"], write: false });
const page = await readFile("flame-standalone.html", "utf8");
await writeFile(
	path.join(out, "flame-standalone.html"),
	page
		.replace("/*STYLE*/", () => style.outputFiles[0].text.trim())
		.replace("/*SCRIPT*/", () => script.outputFiles[0].text.trim().replaceAll("</script", "<\\/script")),
);
