// Tables of the report that scroll and sort, and commands that can be copied.

/** Sorts every sortable table by its last column: up by a click, down by Enter, back by Enter. */
export async function checkGrids(page, expect) {
  const tables = page.locator("table[data-sortable]:visible");
  const count = await tables.count();
  for (let at = 0; at < count; at += 1) {
    const table = tables.nth(at);
    const heads = await table.locator("thead th").count();
    for (const column of new Set([0, 1, heads - 1])) {
      // An empty head has nothing to name its button by, and so no button.
      if (await table.locator("thead th").nth(column).textContent() === "") continue;
      await checkHead(page, expect, table, column, `table ${at}, column ${column}`);
    }
  }
}

/** Scrolled to the side, the names of rows stay, and so does the head above them. */
export async function checkHeadings(page, expect) {
  const moved = await page.evaluate(() => [...document.querySelectorAll(".scroll")].map((region) => {
    const cell = region.querySelector("tbody th[scope=row]"), head = region.querySelector("thead th");
    if (!cell || !region.checkVisibility() || region.scrollWidth - region.clientWidth < 150) return null;
    // `scrollIntoView` would move where Tab begins.
    scrollBy(0, head.getBoundingClientRect().top - innerHeight / 2);
    region.scrollLeft = 150;
    const [below, above] = [cell, head].map((one) => one.getBoundingClientRect());
    const seen = document.elementFromPoint(above.left + 4, above.bottom - 4);
    region.scrollLeft = 0;
    return { name: region.ariaLabel.slice(0, 40), cell: below.left, head: above.left, covered: !head.contains(seen) };
  }).filter((found) => found !== null));
  for (const { name, cell, head, covered } of moved) {
    expect(Math.abs(cell - head) < 1, `${name}: scrolled, the first head is at ${head} and its column at ${cell}`);
    expect(!covered, `${name}: scrolled, another head covers the first`);
  }
}

async function checkHead(page, expect, table, column, name) {
  const head = table.locator("thead th").nth(column);
  const cells = () => table.locator("tbody tr").evaluateAll(
    (rows, column) => rows.map((row) => row.children[column].textContent.trim()), column);
  const keys = () => table.locator("tbody tr").evaluateAll((rows) => rows.map((row) => row.textContent));
  const before = await keys();
  await head.locator("button").click();
  expect(await head.getAttribute("aria-sort") === "ascending", `${name}: a click does not sort`);
  const [up, upKeys] = [await cells(), await keys()];
  await page.keyboard.press("Enter");
  expect(await head.getAttribute("aria-sort") === "descending", `${name}: Enter does not turn the order`);
  const down = await cells();
  expect(new Set(up.filter(filled)).size < 2 || up.join() !== down.join(), `${name}: both orders are the same: ${up}`);
  expect([...upKeys].sort().join() === [...before].sort().join(), `${name}: sorting loses rows`);
  expect(ascends(up) && ascends(down.toReversed()), `${name}: not in order: ${up}`);
  await page.keyboard.press("Enter");
  expect(await head.getAttribute("aria-sort") === null, `${name}: no way back`);
  expect((await keys()).join() === before.join(), `${name}: the original order is lost`);
  expect(await table.locator("th[aria-sort]").count() === 0, `${name}: two heads say they sort`);
}

/** Whether a cell has a value; one without stays last in both orders. */
function filled(cell) {
  return cell !== "" && cell !== "-";
}

/** Whether plain numbers ascend; units are left to the eye, and empty cells may stand anywhere. */
function ascends(cells) {
  const values = cells.filter(filled);
  if (!values.every((cell) => /^-?\d+(\.\d+)?x?$/.test(cell))) return true;
  const numbers = values.map(parseFloat);
  return numbers.every((number, at) => at === 0 || numbers[at - 1] <= number);
}

export async function checkCopying(page, expect) {
  const buttons = page.locator(".command button");
  expect(await buttons.count() === await page.locator(".command").count(), "a command without a copy button");
  if (await buttons.count() === 0) return;
  // The plan of a review is folded.
  const fold = (open) => buttons.first().evaluate((button, open) => {
    for (let at = button; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = open;
  }, open);
  await fold(true);
  await buttons.first().click();
  await page.waitForTimeout(100);
  const said = await buttons.first().textContent();
  expect(said !== "Copy", "copying says nothing");
  await fold(false);
}
