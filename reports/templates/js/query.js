// Which rows, and in which order.

/**
 * Row numbers in the order to show them. `text` must stand in some column, `choices` are
 * whole values by column name, `sort` is null or `{ name, direction }`.
 */
function select(columns, { text, choices, sort }) {
  const tests = [...choices].map(([name, value]) => hasValue(byName(columns, name), value));
  const wanted = text.trim().toLowerCase();
  if (wanted) tests.push(holdsText(columns, wanted));
  const all = columns.length ? columns[0].ids.length : 0;
  const rows = [];
  for (let row = 0; row < all; row += 1) {
    if (tests.every((test) => test(row))) rows.push(row);
  }
  const selected = Uint32Array.from(rows);
  return sort ? sorted(selected, byName(columns, sort.name), sort.direction) : selected;
}

function byName(columns, name) {
  return columns.find((column) => column.name === name);
}

function hasValue(column, value) {
  const id = column.values.indexOf(value);
  return (row) => column.ids[row] === id;
}

function holdsText(columns, wanted) {
  const found = columns.map((column) => ({ ids: column.ids, holding: column.holding(wanted) }))
    .filter(({ holding }) => holding.includes(1));
  return (row) => found.some(({ ids, holding }) => holding[ids[row]] === 1);
}

/** Equal ones stay in file order. */
function sorted(rows, column, direction) {
  const places = column.places(direction);
  const { ids } = column;
  return rows.sort((a, b) => {
    const first = places[ids[a]], second = places[ids[b]];
    return first === second ? a - b : first < second ? -1 : 1;
  });
}
