// The raw rows: what the link holds, and whether sorting, filtering and paging show it.

import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { checkWidth } from "./look.mjs";

/** Rows of RFC 4180 text, written apart from the page's own reader so that they check it. */
function parse(text) {
  const rows = [];
  let row = [], field = "", quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const c = text[at];
    if (quoted && c === '"' && text[at + 1] === '"') { field += c; at += 1; }
    else if (c === '"') quoted = !quoted;
    else if (!quoted && c === ",") { row.push(field); field = ""; }
    else if (!quoted && c === "\n") { rows.push([...row, field]); row = []; field = ""; }
    else field += c;
  }
  return rows;
}

/** As the page shows it: nothing that acts on the text beside it. */
function shownAs(text) {
  return [...text].map((c) => {
    if (c === "\t") return " ";
    if (/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(c)) return "\ufffd";
    return c !== "\n" && /\p{Cc}/u.test(c) ? "" : c;
  }).join("");
}

/** What the link of a section has in it. */
export async function held(section) {
  const href = await section.locator("a.download").getAttribute("href");
  const gzip = Buffer.from(href.slice(href.indexOf(",") + 1), "base64");
  const [header, ...rows] = parse(gunzipSync(gzip).toString("utf8"));
  return { gzip, header, rows };
}

async function sections(page) {
  return page.locator("section.rows").all();
}

/** A click on the link, as without a script, brings the file that the link holds. */
export async function checkDownload(page, expect) {
  for (const section of await sections(page)) {
    const { gzip, rows } = await held(section);
    const said = await section.locator("p").allTextContents();
    const [, total] = /has ([\d,]+) rows/.exec(said.join(" ")) ?? [];
    const [, kept] = /first ([\d,]+) of them/.exec(said.join(" ")) ?? [];
    expect(Number((kept ?? total).replaceAll(",", "")) === rows.length, `the link holds ${rows.length} rows, not ${kept ?? total}`);
    const [download] = await Promise.all([page.waitForEvent("download"), section.locator("a.download").click()]);
    const file = await readFile(await download.path());
    expect(file.equals(gzip), "the download is not what the link holds");
    expect(download.suggestedFilename().endsWith(".csv.gz"), `the download is named ${download.suggestedFilename()}`);
    const shown = await section.locator("tbody tr").count();
    expect(shown === Math.min(200, rows.length), `${shown} rows show without a script`);
  }
}

export async function checkRows(page, expect, thorough) {
  for (const section of await sections(page)) {
    await section.scrollIntoViewIfNeeded();
    await section.and(page.locator("[data-ready]")).waitFor();
    const data = await held(section);
    const table = new Table(section, data);
    expect(await table.count() === `${data.rows.length.toLocaleString("en-US")} of ${data.rows.length.toLocaleString("en-US")} rows`,
      `says "${await table.count()}"`);
    await checkWidth(page, expect, "with the raw rows unpacked");
    if (!thorough || data.rows.length === 0) continue;
    await checkSorting(page, expect, table);
    await checkText(expect, table);
    await checkChoice(expect, table);
    await checkPages(expect, table);
    await checkColumns(page, expect, table);
  }
}

class Table {
  constructor(section, data) {
    this.section = section;
    this.data = data;
  }
  count() { return this.section.locator(".count").textContent(); }
  head(name) { return this.section.locator("thead th").filter({ has: this.section.page().locator(`button:text-is("${name}")`) }); }
  async number() { return Number((await this.count()).split(" ")[0].replaceAll(",", "")); }
  /** Typing is answered after a moment: whether there are so many rows before long. */
  async reaches(number) {
    for (let tries = 0; tries < 100 && await this.number() !== number; tries += 1) await this.section.page().waitForTimeout(50);
    return await this.number() === number;
  }
  heads() { return this.section.locator("thead th").allTextContents(); }
  async column(name) {
    const at = (await this.heads()).indexOf(name);
    return this.section.locator("tbody tr").evaluateAll((rows, at) => rows.map((row) => row.cells[at].textContent), at);
  }
  all(name) {
    const at = this.data.header.indexOf(name);
    return this.data.rows.map((row) => row[at]);
  }
}

async function checkSorting(page, expect, table) {
  const heads = await table.heads();
  const ofNumbers = (name) => table.all(name).every((value) => value === "" || Number.isFinite(Number(value)));
  const name = heads.includes("wall_s") ? "wall_s" : heads.find(ofNumbers) ?? heads[0];
  const head = table.head(name);
  const before = await table.column(name);
  const numbers = table.all(name).filter((value) => value !== "").map(Number).sort((a, b) => a - b);
  const shown = async () => (await table.column(name)).filter((value) => value !== "").map(Number);
  await head.locator("button").click();
  expect(await head.getAttribute("aria-sort") === "ascending", `${name}: a click does not sort`);
  const up = await shown();
  expect(up.every((value, at) => value === numbers[at]), `${name}: the smallest do not come first`);
  expect(new Set(before).size < 3 || up.join() !== before.join(), `${name}: sorting changes nothing`);
  await page.keyboard.press("Enter");
  expect(await head.getAttribute("aria-sort") === "descending", `${name}: Enter does not turn the order`);
  const down = await shown();
  const largest = numbers.toReversed();
  expect(down.every((value, at) => value === largest[at]), `${name}: the largest do not come first`);
  await page.keyboard.press("Enter");
  expect((await table.column(name)).join() === before.join(), `${name}: the original order is lost`);
}

async function checkText(expect, table) {
  const { section, data } = table;
  // A simulation has policies in place of strategies.
  const column = data.header.indexOf(data.header.includes("strategy") ? "strategy" : "policy");
  const wanted = data.rows[Math.floor(data.rows.length / 2)][column].slice(0, 8).toUpperCase();
  const holds = (fields) => fields.some((field) => field.toLowerCase().includes(wanted.toLowerCase()));
  const expected = data.rows.filter(holds).length;
  await section.locator("input[type=search]").fill(wanted);
  expect(await table.reaches(expected), `"${wanted}" finds ${await table.number()} rows, not ${expected}`);
  expect(expected < data.rows.length, `"${wanted}" is in every row: nothing to check`);
  await section.locator("input[type=search]").fill("no such text anywhere");
  expect(await table.reaches(0) && await section.locator("tbody tr").count() === 0, "rows show that match nothing");
  await section.locator("input[type=search]").fill("");
  expect(await table.reaches(data.rows.length), "the filter does not go away");
}

async function checkChoice(expect, table) {
  const selects = await table.section.locator(".controls select").all();
  for (const select of selects) {
    const name = await select.getAttribute("data-column");
    const values = [...new Set(table.all(name))];
    expect(await select.locator("option").count() === values.length + 1, `${name}: not every value can be chosen`);
    const option = await select.locator("option").nth(values.length).textContent();
    await select.selectOption({ index: values.length });
    const shown = await table.column(name);
    const expected = table.all(name).filter((value) => shownAs(value) === shown[0]).length;
    expect(new Set(shown).size === 1 && option.startsWith(shown[0]), `${name}: other rows show than those of ${option}`);
    expect(await table.number() === expected, `${name}: ${await table.number()} rows, not ${expected}`);
    await select.selectOption({ index: 0 });
  }
}

async function checkPages(expect, table) {
  const { section, data } = table;
  const rows = () => section.locator("tbody tr").allTextContents();
  const first = await rows();
  if (data.rows.length <= 50) {
    expect(!await section.locator(".pager").isVisible(), "one page, and buttons to turn it");
    return;
  }
  await section.locator(".pager button").last().click();
  expect((await rows()).join() !== first.join(), "Next does not turn the page");
  await section.locator(".pager button").first().click();
  expect((await rows()).join() === first.join(), "Previous does not turn back");
}

async function checkColumns(page, expect, table) {
  const { section, data } = table;
  await section.locator(".chooser summary").click();
  await section.getByRole("button", { name: "All columns" }).click();
  expect((await table.heads()).join() === data.header.join(), "not all columns show");
  const shown = await section.locator("tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
  expect(shown.every((cells, at) => cells.join("\0") === data.rows[at].map(shownAs).join("\0")), "cells are not as in the file");
  await checkWidth(page, expect, "with all columns");
  await checkSelected(page, expect, table);
  await section.getByRole("button", { name: "The usual ones" }).click();
  await section.locator(".chooser summary").click();
}

/** The rows that show, as a file. */
async function checkSelected(page, expect, { section, data }) {
  const select = section.locator(".controls select").first();
  if (await select.count()) await select.selectOption({ index: 1 });
  const count = Number((await section.locator(".count").textContent()).split(" ")[0].replaceAll(",", ""));
  const [download] = await Promise.all([
    page.waitForEvent("download"), section.getByRole("button", { name: "Download these rows" }).click(),
  ]);
  const [header, ...rows] = parse(await readFile(await download.path(), "utf8"));
  const known = new Set(data.rows.map((row) => row.join("\0")));
  expect(header.join() === data.header.join(), "the selected rows have another header");
  expect(rows.length === count && rows.every((row) => known.has(row.join("\0"))), "the selected rows are others than those that show");
  if (await select.count()) await select.selectOption({ index: 0 });
}
