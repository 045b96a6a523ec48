// Tables of the report: sorted by a click, focusable only where they scroll; commands that
// can be copied.

const SCALES = {
  ns: 1e-9, "µs": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600,
  B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4,
};
const QUANTITY = /^[<>≤≥~≈±+]*\s*([-−]?)(\d[\d,]*(?:\.\d+)?)\s*([A-Za-zµ%]*)/;

/** `1.5 KiB` as 1536; null for what begins with no number. */
function quantity(text) {
  const [, sign, digits, unit] = QUANTITY.exec(text) ?? [];
  if (digits === undefined) return null;
  return (sign ? -1 : 1) * Number(digits.replaceAll(",", "")) * (SCALES[unit] ?? 1);
}

/** The text of a cell without the mark before it. */
function cellText(row, at) {
  const texts = [...(row.children[at]?.childNodes ?? [])].filter((node) => node.nodeType === Node.TEXT_NODE);
  return texts.map((node) => node.data).join("").trim();
}

function sortGrid(table) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  [...table.tHead.rows[0].cells].forEach((head, at) => {
    const number = head.classList.contains("num");
    sortable(head, (direction) => body.append(...gridOrder(original, at, number, direction)));
  });
}

/** Rows by a column; those without a value stay last whichever the direction. */
function gridOrder(rows, at, number, direction) {
  if (!direction) return rows;
  const keyed = rows.map((row) => {
    const text = cellText(row, at);
    const key = number ? quantity(text) : text;
    return { row, key: key === "" || key === "-" ? null : key };
  });
  const filled = keyed.filter(({ key }) => key !== null);
  const empty = keyed.filter(({ key }) => key === null);
  filled.sort((a, b) => direction * (number ? a.key - b.key : collator.compare(a.key, b.key)));
  return [...filled, ...empty].map(({ row }) => row);
}

/** Without a script each container takes focus, since any may scroll. */
function focusWhereItScrolls(container) {
  const look = () => {
    const scrolls = container.scrollWidth > container.clientWidth + 1
      || container.scrollHeight > container.clientHeight + 1;
    if (scrolls) container.setAttribute("tabindex", "0");
    else container.removeAttribute("tabindex");
  };
  const watch = new ResizeObserver(look);
  watch.observe(container);
  for (const child of container.children) watch.observe(child);
}

function copyButton(command) {
  const code = command.querySelector("code");
  const copy = button("Copy", async () => {
    copy.textContent = (await copied(code)) ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { copy.textContent = "Copy"; }, 2000);
  }, { "aria-live": "polite" });
  command.append(copy);
}

/** Selects the text where the clipboard is out of reach. */
async function copied(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(code);
    return false;
  }
}
