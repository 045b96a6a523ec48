// Raw rows: unpacks what the download link holds once the reader comes near, and makes the
// static table one that sorts, filters and pages.

class RowsView {
  constructor(section) {
    this.section = section;
    this.scroll = section.querySelector(".scroll");
    this.query = { text: "", choices: new Map(), sort: null };
    this.page = 0;
    this.size = PAGE_SIZES[0];
  }

  async load() {
    const before = this.section.querySelector(".rows-static") ?? make("p", { class: "rows-static" });
    const said = before.textContent;
    this.scroll.before(before);
    before.textContent = "Unpacking all rows…";
    try {
      this.columns = columnsOf(await unpack(this.section.querySelector(".download").getAttribute("href")));
    } catch (error) {
      before.textContent = `${said} This browser could not unpack them (${error.message}).`;
      return;
    }
    before.remove();
    this.all = this.columns.length ? this.columns[0].ids.length : 0;
    this.#build();
    this.section.dataset.ready = "";
  }

  #build() {
    const listed = (name) => JSON.parse(this.section.dataset[name])
      .flatMap((column) => byName(this.columns, column) ?? []);
    const shown = listed("shown").length ? listed("shown") : this.columns;
    this.shown = shown;
    this.table = new RowsTable(this.scroll.querySelector("table"), (name, direction) =>
      this.#ask({ sort: direction ? { name, direction } : null }));
    this.count = make("p", { class: "count", role: "status" });
    this.pager = new Pager((page) => this.#turn(page), (size) => this.#resize(size));
    const controls = make("div", { class: "controls", role: "search", "aria-label": "Rows" },
      searchField((text) => this.#ask({ text })),
      ...listed("choices").flatMap((column) => choiceField(column, (value) => this.#choose(column.name, value))),
      button("Download these rows as CSV", () => this.#download()),
      columnChooser(this.columns, shown.map(({ name }) => name), (names) => this.#show(names)));
    this.scroll.before(controls, this.count);
    this.scroll.after(this.pager.element);
    this.table.show(this.shown, null);
    this.#ask({});
    this.#offer(this.section.querySelector(".ask"));
  }

  /** Plots of the reader's own, drawn once they are opened. */
  #offer(box) {
    if (!box) return;
    let drawn = false;
    const draw = () => {
      if (box.open && !drawn) new AskView(box, this.columns);
      drawn ||= box.open;
    };
    box.addEventListener("toggle", draw);
    draw();
  }

  #ask(change) {
    Object.assign(this.query, change);
    this.rows = select(this.columns, this.query);
    this.page = 0;
    this.count.textContent = `${grouped(this.rows.length)} of ${grouped(this.all)} rows`;
    this.#draw();
  }

  #choose(name, value) {
    if (value === null) this.query.choices.delete(name);
    else this.query.choices.set(name, value);
    this.#ask({});
  }

  #show(names) {
    this.shown = this.columns.filter(({ name }) => names.includes(name));
    this.table.show(this.shown, this.query.sort);
    this.#draw();
  }

  #resize(size) {
    this.size = size;
    this.#turn(0);
  }

  #turn(page) {
    if (page < 0 || page * this.size >= Math.max(1, this.rows.length)) return;
    this.page = page;
    this.#draw();
    this.scroll.scrollTop = 0;
  }

  #draw() {
    const from = this.page * this.size;
    this.table.draw(this.rows.subarray(from, from + this.size));
    this.pager.show(this.page, this.size, this.rows.length, this.all);
  }

  /** All columns of the rows that are selected, in the order they show. */
  #download() {
    const line = (fields) => `${fields.map(csvField).join(",")}\n`;
    const lines = [line(this.columns.map(({ name }) => name))];
    for (const row of this.rows) lines.push(line(this.columns.map((column) => column.at(row))));
    const address = URL.createObjectURL(new Blob(lines, { type: "text/csv" }));
    make("a", { href: address, download: `selected-${this.section.dataset.file}` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }
}
