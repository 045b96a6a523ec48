// What stands around the table of raw rows: filters, chooser of columns, pages.

const PAGE_SIZES = [50, 200, 1000];
/** More distinct values than that are better searched than chosen from. */
const MOST_CHOICES = 300;

function searchField(change) {
  const input = make("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  input.addEventListener("input", debounced(() => change(input.value), 150));
  return make("label", { class: "wanted" }, "Rows with this text", input);
}

/** A choice of one value of a column; nothing where there is nothing to choose. */
function choiceField(column, change) {
  const counts = column.counts();
  if (counts.length < 2 || counts.length > MOST_CHOICES) return [];
  const options = counts.map(({ value, count }, at) =>
    make("option", { value: String(at) }, `${plain(value) || "(empty)"} (${grouped(count)})`));
  const select = make("select", { "data-column": column.name }, make("option", { value: "" }, "all"), ...options);
  select.addEventListener("change", () => change(select.value === "" ? null : counts[select.value].value));
  return [make("label", {}, plain(column.name), select)];
}

/** Check boxes for all columns; `change` gets the names of those that are to show. */
function columnChooser(columns, shown, change) {
  const boxes = columns.map(({ name }) => make("input", { type: "checkbox", value: name }));
  const check = (wanted) => {
    boxes.forEach((box) => { box.checked = wanted(box.value); });
    report();
  };
  const report = () => change(boxes.filter((box) => box.checked).map((box) => box.value));
  boxes.forEach((box) => {
    box.checked = shown.includes(box.value);
    box.addEventListener("change", report);
  });
  const items = boxes.map((box) => make("li", {}, make("label", {}, box, plain(box.value))));
  return make("details", { class: "chooser" },
    make("summary", {}, "Choose columns"),
    make("fieldset", {},
      make("legend", {}, "Columns that show"),
      make("ul", {}, ...items),
      button("All columns", () => check(() => true)),
      button("The usual ones", () => check((name) => shown.includes(name)))));
}

/** Moves through pages; `turn` gets a page number from 0, `resize` a page size. */
class Pager {
  constructor(turn, resize) {
    this.where = make("p", { class: "where" });
    this.back = button("Previous", () => turn(this.page - 1));
    this.next = button("Next", () => turn(this.page + 1));
    const sizes = make("select", {}, ...PAGE_SIZES.map((size) => make("option", { value: String(size) }, String(size))));
    sizes.addEventListener("change", () => resize(Number(sizes.value)));
    const size = make("label", {}, "Rows a page ", sizes);
    this.element = make("nav", { class: "pager", "aria-label": "Pages of rows" }, this.back, this.next, this.where, size);
  }

  /** `all` counts the rows before any filter: where they fit on a page, there is nothing to turn. */
  show(page, size, rows, all) {
    this.page = page;
    this.element.hidden = all <= PAGE_SIZES[0];
    const pages = Math.max(1, Math.ceil(rows / size));
    // A disabled button would drop the focus of who just pressed it.
    for (const [turner, dead] of [[this.back, page === 0], [this.next, page >= pages - 1]]) {
      turner.setAttribute("aria-disabled", String(dead));
    }
    this.where.textContent = `Page ${grouped(page + 1)} of ${grouped(pages)}`;
  }
}
