// page.mjs READERS FILE PATTERN - opens an exported SVG or HTML in headless Chromium without
// a network and uses it as a person would: searches, zooms, resets. Prints what it saw.
import path from "node:path";
import { createRequire } from "node:module";
const [readers, file, pattern] = process.argv.slice(2);
const { chromium } = createRequire(path.join(readers, "package.json"))("playwright-core");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
const still = await (await browser.newContext({ javaScriptEnabled: false, offline: true })).newPage();
const page = await (await browser.newContext({ offline: true })).newPage();
const saw = { errors: [], requests: [] };
page.on("pageerror", (e) => saw.errors.push(e.message));
page.on("console", (m) => m.type() === "error" && saw.errors.push(m.text()));
page.on("request", (r) => r.url().startsWith("file://" + file) || saw.requests.push(r.url()));
page.on("dialog", (d) => { saw.errors.push("dialog"); d.dismiss(); });
await page.goto("file://" + file);
if (await page.locator("#frames").count()) {
	await still.goto("file://" + file);
	saw.still = await still.locator("#frames > .f").count();
	saw.labels = await still.locator("#frames > .f text").allTextContents();
	saw.titles = await still.locator("#frames > .f title").evaluateAll((l) => l.map((t) => t.textContent));
	const shown = () => page.locator("#frames > .f:visible").count();
	saw.all = await shown();
	await page.keyboard.press("/");
	await page.keyboard.type(pattern);
	await page.keyboard.press("Enter");
	saw.matched = await page.locator("svg").getAttribute("data-matched");
	saw.status = await page.locator("#status").textContent();
	await page.locator("#frames > .f").last().click();
	saw.zoomed = await shown();
	saw.widest = await page.locator("#frames > .f").last().locator("rect").getAttribute("width");
	await page.keyboard.press("Escape");
	saw.reset = await shown();
	saw.matchedAfterReset = await page.locator("svg").getAttribute("data-matched");
	await page.keyboard.press("c");
	saw.colours = await page.locator("svg").getAttribute("class");
	for (const key of ["ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
	saw.byKeyboard = await page.locator("#frames > .f.focus title").textContent();
} else {
	saw.text = await page.evaluate(() => document.body.innerText);
	saw.title = await page.title();
	saw.data = JSON.parse(await page.locator("#profile").textContent());
	await page.keyboard.press("/");
	await page.keyboard.type(pattern);
	await page.keyboard.press("Enter");
	saw.searched = await page.evaluate(() => document.body.innerText);
}
console.log(JSON.stringify(saw));
await browser.close();
