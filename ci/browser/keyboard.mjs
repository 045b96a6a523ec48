// Without a mouse: the skip link comes first, focus is always seen, and the controls of the
// raw rows are reached.

export async function checkKeyboard(page, expect) {
  await page.keyboard.press("Tab");
  const first = await focused(page);
  expect(first.skip && first.top >= 0, "the first Tab does not show the skip link");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement.id) === "_main", "the skip link does not skip");
  if (await page.locator("section.rows").count() === 0) return;

  await page.locator("section.rows").first().scrollIntoViewIfNeeded();
  await page.waitForSelector("section.rows[data-ready]");
  await page.locator("section.rows a.download").first().focus();
  const wanted = new Set(["input", "select", "button", "summary", "th button"]);
  // Rows that fit on one page have no buttons to turn it.
  if (await page.locator("section.rows .pager").first().isVisible()) wanted.add("pager button");
  for (let presses = 0; presses < 60 && wanted.size > 0; presses += 1) {
    await page.keyboard.press("Tab");
    const { kind, outlined } = await focused(page);
    wanted.delete(kind);
    if (!outlined) expect(false, `focus cannot be seen on a ${kind}`);
  }
  expect(wanted.size === 0, `Tab does not reach: ${[...wanted]}`);
}

function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const name = element.tagName.toLowerCase();
    const kind = element.closest("th") ? `th ${name}` : element.closest(".pager") ? `pager ${name}` : name;
    return {
      kind,
      skip: element.classList.contains("skip"),
      top: element.getBoundingClientRect().top,
      outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    };
  });
}
