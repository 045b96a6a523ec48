// Plots of the reader's own: a plot for each step, with a dot for each row that the file has.

import { checkWidth } from "./look.mjs";
import { held } from "./rows.mjs";

export async function checkAsk(page, expect, out) {
  for (const box of await page.locator("details.ask").all()) {
    const link = page.locator(`.contents a[href="#${await box.getAttribute("id")}"]`);
    expect(await link.count() === 2, "the contents do not list the reader's own plots");
    await page.evaluate((id) => { location.hash = id; }, await box.getAttribute("id"));
    const section = box.locator("xpath=ancestor::section");
    await section.and(page.locator("[data-ready]")).waitFor();
    await box.locator("figure").first().waitFor();
    const { header, rows } = await held(section);
    const at = (name) => header.indexOf(name);
    const ok = rows.filter((row) => at("status") < 0 || row[at("status")] === "ok");
    const drawn = async (x, y, wanted = () => true) => {
      const having = ok.filter((row) => row[at(x)] !== "" && row[at(y)] !== "" && wanted(row));
      const steps = new Set(having.map((row) => row[at("step")]));
      expect(await box.locator("figure").count() === steps.size, `${y} by ${x}: ${await box.locator("figure").count()} plots of ${steps.size} steps`);
      const dots = await box.locator("figure").evaluateAll((all) => all.map((one) => one.querySelectorAll("[aria-label=dot] path").length));
      const most = [...steps].map((step) => having.filter((row) => row[at("step")] === step).length);
      const expected = most.map((count) => Math.ceil(count / Math.ceil(count / 1500)));
      expect([...dots].sort().join() === [...expected].sort().join(), `${y} by ${x}: ${dots} dots, not ${expected}`);
    };
    const [across, up] = ["across", "up"].map((axis) => box.locator(`select[data-axis=${axis}]`));
    const text = (select) => select.locator("option:checked").textContent();
    await drawn(await text(across), await text(up));
    const strategies = new Set(rows.map((row) => row[at("strategy")])).size;
    const coloured = new Set(ok.map((row) => row[at("strategy")])).size;
    const colours = await box.locator("figure [aria-label=dot] path").evaluateAll((all) => all.map((one) => one.getAttribute("stroke")));
    expect(new Set(colours).size === Math.min(coloured, 7), `${new Set(colours).size} colours for ${coloured} strategies`);
    const named = await box.locator(".ask-legend-swatch").count();
    expect(named === strategies, `the legend names ${named} of ${strategies} strategies`);
    await checkWidth(page, expect, "with the reader's own plots");
    await across.focus();
    const other = await across.locator("option", { hasText: "user_s" }).count() ? "user_s" : await across.locator("option").last().textContent();
    await across.selectOption({ label: other });
    await drawn(other, await text(up));
    const scales = box.getByLabel("logarithmic").filter({ visible: true });
    for (const scale of await scales.all()) await scale.check();
    const positive = (name) => (row) => !(Number(row[at(name)]) <= 0);
    const [x, y] = [positive(await text(across)), positive(await text(up))];
    await drawn(other, await text(up), (row) => x(row) && y(row));
    await checkPlots(page, expect, box);
    if (out) await out(box);
    await box.evaluate((element) => { element.open = false; });
  }
}

/** Nothing of a drawing is beside it, where a narrow screen would cut it off. */
async function checkPlots(page, expect, box) {
  const cut = await box.locator("figure").evaluateAll((figures) => figures.flatMap((figure) => {
    const room = figure.getBoundingClientRect();
    return [...figure.querySelectorAll("text")].filter((text) => {
      const { left, right } = text.getBoundingClientRect();
      return left < room.left - 2 || right > room.right + 2;
    }).map((text) => text.textContent);
  }));
  expect(cut.length === 0, `plots cut off ${cut.slice(0, 3)}`);
}
