// Heads of columns that sort, the same for small tables and for the raw rows.

/**
 * Puts a button into the head of a column; `act` gets 1, -1, or 0 for the original order.
 * An empty head gets none: it would be a button without a name.
 */
function sortable(head, act) {
  if (head.textContent.trim() === "") return;
  const inside = button("", () => {
    const next = { ascending: -1, descending: 0 }[head.getAttribute("aria-sort")] ?? 1;
    for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
    markSort(head, next);
    act(next);
  });
  inside.append(...head.childNodes);
  head.append(inside);
}

/** Shows and says by what a table is sorted. */
function markSort(head, direction) {
  if (direction) head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
  else head.removeAttribute("aria-sort");
}
