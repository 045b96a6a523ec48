// Sliders of the usage model: what the script computes is what the report computed, and it follows a slider.

export async function checkWeek(page, expect) {
  for (const box of await page.locator(".live").all()) {
    await box.evaluate((element) => { element.closest("details")?.setAttribute("open", ""); });
    const rows = () => box.locator("tbody tr").evaluateAll((rows) => rows.map((row) => row.textContent.trim()).sort());
    const saved = () => box.locator("tbody tr").evaluateAll((rows) => rows.map((row) => Number(row.cells[1].textContent)));
    const sliders = box.locator("input[type=range]");
    const count = await sliders.count();
    expect(count > 0, "a week without a slider");
    const before = await rows();
    const said = await box.locator("[role=status]").textContent();
    let moved = 0;
    for (let at = 0; at < count; at += 1) {
      const slider = sliders.nth(at);
      const values = await rows();
      await slider.focus();
      await page.keyboard.press("End");
      const most = await rows();
      moved += values.join() === most.join() ? 0 : 1;
      await page.keyboard.press("Home");
      expect(await slider.inputValue() === "0", `slider ${at} does not reach 0`);
      expect((await slider.getAttribute("aria-valuetext")).startsWith("0 a week"), `slider ${at} says another number than 0`);
    }
    // What an event adds may be less than a tenth of a minute.
    expect(moved > count / 2, `only ${moved} of ${count} sliders change a number`);
    expect((await saved()).every((minutes) => minutes === 0), `a week without events saves ${await saved()} min`);
    const now = await box.locator("[role=status]").textContent();
    expect(/no design saves|fails a probe/.test(now), `without an event the sentence is "${now}", as assumed "${said}"`);
    const minutes = await saved();
    expect(minutes.every((one, at) => at === 0 || minutes[at - 1] >= one), `not the best first: ${minutes}`);
    await box.getByRole("button", { name: "As assumed" }).click();
    expect((await rows()).join() === before.join(), "the assumed week does not come back");
    await box.evaluate((element) => { element.closest("details")?.removeAttribute("open"); });
  }
}

/** The table as the report wrote it, which a page without a script shows. */
export async function weeks(page) {
  return page.locator(".live tbody").evaluateAll((bodies) => bodies.map((body) => [...body.rows].map((row) => row.textContent.trim()).sort()));
}
