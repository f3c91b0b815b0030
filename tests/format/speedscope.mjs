// speedscope.mjs READERS FILE - opens FILE in speedscope itself (the npm package, in
// headless Chromium) and prints its table: {"title", "rows": [{"total", "self", "name"}]}.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
const [readers, file, work] = process.argv.slice(2);
const require = createRequire(path.join(readers, "package.json"));
const { chromium } = require("playwright-core");
const base = path.join(readers, "node_modules/speedscope/dist/release/index.html");
const script = path.join(work, "speedscope-load.js");
writeFileSync(script, `speedscope.loadFileFromBase64(${JSON.stringify(path.basename(file))}, ` +
	`${JSON.stringify(readFileSync(file).toString("base64"))})`);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--allow-file-access-from-files"] });
const page = await browser.newPage({ viewport: { width: 1600, height: 1200 } });
const errors = [];
page.on("pageerror", (e) => errors.push(e.message));
await page.goto(`file://${base}#localProfilePath=${script}&view=sandwich`);
await page.waitForSelector("table tr td", { timeout: 60000, state: "attached" });
const text = await page.evaluate(() => document.body.innerText);
const rows = await page.evaluate(() => [...document.querySelectorAll("table tr")]
	.map((tr) => [...tr.querySelectorAll("td")].map((td) => td.textContent))
	.filter((cells) => cells.length >= 3)
	.map(([total, self, name]) => ({ total, self, name })));
console.log(JSON.stringify({ text: text.slice(0, 400), rows, errors }));
await browser.close();
