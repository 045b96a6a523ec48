// The table of raw rows: heads and one page of rows.

/** From how many characters on a text may break its line. */
const LONG = 48;

class RowsTable {
  /** `sortBy` is called with a column's name and 1, -1 or 0. */
  constructor(table, sortBy) {
    this.table = table;
    this.sortBy = sortBy;
    this.columns = [];
  }

  /** Which columns show; the one it is sorted by keeps its mark. */
  show(columns, sort) {
    this.columns = columns;
    const heads = columns.map((column) => this.#head(column, sort));
    this.table.tHead.rows[0].replaceChildren(...heads);
  }

  /** Shows these rows, by number. */
  draw(rows) {
    const lines = Array.from(rows, (row) => make("tr", {}, ...this.columns.map((column) => cell(column, row))));
    this.table.tBodies[0].replaceChildren(...lines);
  }

  #head(column, sort) {
    const head = make("th", { scope: "col", ...(column.numeric && { class: "num" }) }, plain(column.name));
    sortable(head, (direction) => this.sortBy(column.name, direction));
    if (sort?.name === column.name) markSort(head, sort.direction);
    return head;
  }
}

function cell(column, row) {
  const text = column.at(row);
  const kind = column.numeric ? "num" : text.length > LONG ? "long" : "";
  return make("td", kind ? { class: kind } : {}, plain(text));
}
