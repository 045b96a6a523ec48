// A week's minutes and bytes, computed again when a reader moves a slider: the sums of src/review/usage.rs.

/** A size as src/text.rs writes it. */
function sizeText(size) {
  if (size < 0) return `-${sizeText(-size)}`;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  for (; size >= 1023.95 && at < units.length - 1; at += 1) size /= 1024;
  return `${size.toFixed(at === 0 ? 0 : 1)} ${units[at]}`;
}

/** Minutes as src/review/usage.rs writes them. */
function minutesText(minutes) {
  return minutes.toFixed(1).replace(/^-(?=0\.0$)/, "");
}

/** What an event costs under a design, weighed by how often it happens; what was not measured is in no sum. */
function weekOf({ costs }, events, often) {
  let saved = 0, variance = 0, more = null;
  costs.forEach((cost, at) => {
    if (cost === null) return;
    saved += (often[at] * cost.saved_s) / 60;
    variance += ((often[at] * cost.error_s) / 60) ** 2;
    if (events[at].grows && cost.more_bytes !== null) more = (more ?? 0) + often[at] * cost.more_bytes;
  });
  return { saved, error: Math.sqrt(variance), more };
}

class WeekView {
  constructor(box) {
    const { events, designs } = JSON.parse(box.dataset.model);
    Object.assign(this, { events, designs, often: events.map(({ a_week }) => a_week) });
    this.table = box.querySelector("table");
    this.rows = [...this.table.tBodies[0].rows];
    this.more = [...this.table.tHead.rows[0].cells].findIndex(({ textContent }) => textContent.includes("more a week"));
    this.says = make("p", { role: "status" });
    const measured = events.map((_, at) => at).filter((at) => designs.some(({ costs }) => costs[at] !== null));
    this.sliders = measured.map((at) => this.#slider(at));
    const back = button("As assumed", () => {
      for (const { set, at } of this.sliders) set(events[at].a_week);
      this.#show();
    });
    box.prepend(make("fieldset", { class: "sliders" },
      make("legend", {}, "How often a week"), ...this.sliders.map(({ label }) => label), back), this.says);
    this.#show();
  }

  #slider(at) {
    const { name, a_week } = this.events[at];
    // 1, 2 or 5 times a power of ten, so that what is assumed is in the lower part.
    const power = 10 ** Math.floor(Math.log10(a_week * 4 || 20));
    const most = [1, 2, 5, 10].map((factor) => factor * power).find((it) => it >= (a_week * 4 || 20));
    const input = make("input", { type: "range", min: "0", max: String(most), step: String(most > 10 ? 1 : most / 100) });
    const output = make("output");
    const say = (often) => {
      const day = often >= 10 ? ` (${Number((often / 5).toFixed(1))} a day)` : "";
      output.textContent = `${Number(often.toFixed(2))}${day}`;
      input.setAttribute("aria-valuetext", `${output.textContent} a week`);
    };
    const set = (often) => {
      this.often[at] = often;
      input.value = String(often);
      say(often);
    };
    input.addEventListener("input", () => {
      this.often[at] = Number(input.value);
      say(this.often[at]);
      this.#show();
    });
    set(a_week);
    return { at, set, label: make("label", {}, make("span", {}, plain(name)), input, output) };
  }

  #show() {
    const weeks = this.designs.map((design) => ({ design, ...weekOf(design, this.events, this.often) }));
    weeks.forEach(({ saved, error, more }, at) => {
      const cells = this.rows[at].cells;
      [saved, saved - error, saved + error].forEach((minutes, cell) => { cells[cell + 1].textContent = minutesText(minutes); });
      cells[this.more].textContent = more === null ? "-" : sizeText(more);
    });
    const order = weeks.map((week, at) => ({ ...week, row: this.rows[at] })).sort((a, b) => b.saved - a.saved);
    // Whoever sorts by a column of their own keeps that order.
    if (!this.table.querySelector("[aria-sort]")) this.table.tBodies[0].append(...order.map(({ row }) => row));
    this.says.textContent = plain(weekSentence(order.filter(({ design }) => design.safe), this.often));
  }
}

function weekSentence(order, often) {
  // One that was timed in fewer events has fewer in which it may lose.
  const timed = ({ design: { costs } }) => costs.filter((cost, at) => cost !== null && often[at] > 0).length;
  const most = Math.max(...order.map(timed));
  const best = order.find((week) => timed(week) === most && week.saved - week.error > 0);
  if (best) {
    const { design, saved, error } = best;
    const probed = design.probed ? "" : ", if probes find it safe";
    return `At these rates ${design.design} saves most: ${minutesText(saved - error)} to ${minutesText(saved + error)} min a week${design.pays}${probed}.`;
  }
  if (!order.length) return "Every design that was timed fails a probe unexplained.";
  return `At these rates no design saves time for certain; nearest is ${order[0].design.design}${order[0].design.pays}.`;
}
