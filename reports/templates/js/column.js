// A table held by columns, each as its distinct values and, for each row, which of them.
// Comparing and searching then happens once a value and not once a row, and 50,000 rows
// of sixty columns take a few dozen megabytes.

const NUMBER = /^-?\d+(\.\d+)?$/;
const collator = new Intl.Collator("en", { numeric: true });

class Column {
  #known = new Map();

  constructor(name) {
    this.name = name;
    this.values = [];
    this.ids = [];
    this.numeric = false;
  }

  push(value) {
    let id = this.#known.get(value);
    if (id === undefined) {
      id = this.values.length;
      this.values.push(value);
      this.#known.set(value, id);
    }
    this.ids.push(id);
  }

  /** To be called when all rows are in. */
  seal() {
    const filled = this.values.filter((value) => value !== "");
    this.numeric = filled.length > 0 && filled.every((value) => NUMBER.test(value));
    this.ids = Uint32Array.from(this.ids);
    this.#known = new Map();
    return this;
  }

  at(row) {
    return this.values[this.ids[row]];
  }

  /** For each distinct value its place in the order; what is empty has the last in any. */
  places(direction) {
    const order = this.values.map((_, id) => id);
    const numbers = this.numeric ? this.values.map(Number) : null;
    order.sort((a, b) =>
      numbers ? numbers[a] - numbers[b] : collator.compare(this.values[a], this.values[b]));
    const places = new Float64Array(order.length);
    order.forEach((id, place) => {
      places[id] = this.values[id] === "" ? Infinity : direction * place;
    });
    return places;
  }

  /** For each distinct value whether it holds `wanted`, which is in lower case. */
  holding(wanted) {
    return Uint8Array.from(this.values, (value) => (value.toLowerCase().includes(wanted) ? 1 : 0));
  }

  /** Distinct values in order, with how many rows have each. */
  counts() {
    const counts = new Uint32Array(this.values.length);
    for (const id of this.ids) counts[id] += 1;
    return this.values
      .map((value, id) => ({ value, count: counts[id] }))
      .sort((a, b) => collator.compare(a.value, b.value));
  }
}

/** The columns of a CSV text with a header. */
function columnsOf(text) {
  let columns = null;
  parseCsv(text, (fields) => {
    if (columns) columns.forEach((column, at) => column.push(fields[at] ?? ""));
    else columns = fields.map((name) => new Column(name));
  });
  return (columns ?? []).map((column) => column.seal());
}
