// Opens a report page at two widths, light and dark, with a script and without, and checks
// what only a browser can show. Called by ./run, which finds browser and driver.

import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { checkAsk } from "./ask.mjs";
import { checkGrids, checkHeadings, checkCopying } from "./grids.mjs";
import { checkLook } from "./look.mjs";
import { checkDownload, checkRows } from "./rows.mjs";
import { checkKeyboard } from "./keyboard.mjs";
import { checkWeek, weeks } from "./week.mjs";

const { chromium } = createRequire(`${process.env.DRIVER}/`)("playwright-core");

const [, , path, out] = process.argv;
const address = pathToFileURL(resolve(path)).href;
const SIZES = [{ width: 1280, height: 900 }, { width: 390, height: 844 }];
const failures = [];
let checks = 0;
/** The weeks as the report wrote them: what the script makes of them at first must be the same. */
const written = [];

/** What a view's checks report to: a line for each that does not hold. */
function judge(view) {
  return (holds, what) => {
    checks += 1;
    if (!holds) failures.push(`${view}: ${what}`);
  };
}

/** For people to look at; taking one of a long page is a second of work. */
async function picture(page, name, options) {
  if (out) await page.screenshot({ path: join(out, `${name}.png`), ...options });
}

/** Everything that a page must not do, while it is open. */
function watch(page, expect) {
  page.on("console", (message) => expect(message.type() !== "error", `console: ${message.text().slice(0, 300)}`));
  page.on("pageerror", (error) => expect(false, `error: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    expect(url.split("#")[0] === address || /^(data|blob):/.test(url), `requests ${url.slice(0, 200)}`);
  });
}

async function view(browser, { viewport, scheme, script }) {
  const name = `${viewport.width}-${scheme}${script ? "" : "-noscript"}`;
  const expect = judge(name);
  const context = await browser.newContext({
    viewport, colorScheme: scheme, javaScriptEnabled: script, acceptDownloads: true, reducedMotion: "reduce",
  });
  await context.setOffline(true);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  watch(page, expect);
  try {
    await page.goto(address);
    await checkLook(page, expect);
    await checkHeadings(page, expect);
    if (script) {
      await picture(page, `${name}-top`);
      await checkKeyboard(page, expect);
      if (scheme === "light") {
        await checkGrids(page, expect);
        await checkCopying(page, expect);
      }
      expect(JSON.stringify(await weeks(page)) === written[0], `the script computes other weeks: ${JSON.stringify(await weeks(page))}`);
      await checkWeek(page, expect);
      await checkRows(page, expect, scheme === "light");
      await checkAsk(page, expect, out && ((box) => box.screenshot({ path: join(out, `${name}-ask.png`) })));
    } else {
      expect(await page.locator("button:visible, input:visible, .ask:visible").count() === 0, "a control shows that does nothing");
      written.push(JSON.stringify(await weeks(page)));
      await checkDownload(page, expect);
    }
    await page.evaluate(() => scrollTo(0, 0));
    await picture(page, name, { fullPage: true });
  } catch (error) {
    expect(false, error.message.split("\n").slice(0, 3).join(" "));
  }
  await context.close();
}

async function main() {
  const options = { executablePath: process.env.BROWSER, headless: true };
  // A sandbox cannot be set up by root; everybody else keeps it.
  if (process.getuid?.() === 0) options.args = ["--no-sandbox"];
  const browser = await chromium.launch(options).catch((error) => {
    console.error(`SKIP: page not looked at in a browser: ${process.env.BROWSER} does not start: ${error.message.split("\n")[0]}`);
    process.exit(77);
  });
  // Colours do not depend on the script: once without it is enough.
  await Promise.all(SIZES.map((viewport) => view(browser, { viewport, scheme: "light", script: false })));
  await Promise.all(SIZES.map(async (viewport) => {
    await view(browser, { viewport, scheme: "light", script: true });
    await view(browser, { viewport, scheme: "dark", script: true });
  }));
  await browser.close();
  for (const failure of failures) console.error(`FAIL ${failure}`);
  console.log(`${checks - failures.length} of ${checks} checks hold${out ? `; screenshots in ${out}` : ""}`);
  process.exitCode = failures.length ? 1 : 0;
}

await main();
