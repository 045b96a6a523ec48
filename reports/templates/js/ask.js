// A reader's own question: one recorded column against another, coloured by strategy, a plot for each step.
// Draws with Observable Plot, which is in the page (templates/vendor).

/** Colours as in src/plot/picture.rs: seen on light and on dark. */
const SERIES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#2f96cf", "#c28200", "#767676"];
const SYMBOLS = ["circle", "square2", "triangle2", "diamond2", "times"];
/** More dots than that in a plot hide each other. */
const MOST_DOTS = 1500;
/** More names than that on an axis cannot be read. */
const MOST_NAMES = 30;
const LABEL = 20;

class AskView {
  constructor(box, columns) {
    this.columns = columns;
    const axes = columns.filter(({ numeric, values }) => values.length > 1 && (numeric || values.length <= MOST_NAMES));
    box.hidden = axes.length < 2;
    if (box.hidden) return;
    const named = (name) => axes.find((column) => column.name === name);
    this.x = axisField("across", axes, named("workspace") ?? axes[0], () => this.#draw());
    this.y = axisField("up", axes, named("wall_s") ?? axes.at(-1), () => this.#draw());
    this.says = make("p", { class: "count", role: "status" });
    this.plots = make("div", { class: "asked" });
    const strategies = byName(columns, "strategy").values;
    this.scales = {
      color: { type: "ordinal", domain: strategies, range: strategies.map((_, at) => SERIES[at % SERIES.length]) },
      symbol: { type: "ordinal", domain: strategies, range: strategies.map((_, at) => SYMBOLS[at % SYMBOLS.length]) },
    };
    box.append(
      make("div", { class: "controls" }, this.x.element, this.y.element), this.says,
      Plot.legend({ ...this.scales, stroke: "color", tickFormat: plain, className: "ask-legend" }), this.plots);
    this.#draw();
  }

  #draw() {
    const steps = byName(this.columns, "step");
    const groups = steps.values.map((step) => ({ step, points: [], all: 0 }));
    let left = 0;
    for (let row = 0; row < steps.ids.length; row += 1) {
      const [x, y] = [this.x.at(row), this.y.at(row)];
      // What does not count is in no number of the report either.
      if (x === null || y === null || (byName(this.columns, "status")?.at(row) ?? "ok") !== "ok") left += 1;
      else groups[steps.ids[row]].points.push({ x, y, row });
    }
    const filled = groups.filter(({ points }) => points.length > 0);
    this.says.textContent = `${grouped(steps.ids.length - left)} of ${grouped(steps.ids.length)} rows are ok and have both values.`;
    this.plots.replaceChildren(...filled.map((group) => this.#plot(group)));
  }

  /** Over a name strategies are side by side; along numbers each dot is where it belongs. */
  #beside(dots) {
    if (!this.x.names()) return [{ dots, dx: 0 }];
    const strategies = byName(this.columns, "strategy");
    const each = Math.min(7, 300 / this.x.count() / strategies.values.length);
    return strategies.values.map((name, at) => ({
      dots: dots.filter(({ row }) => strategies.at(row) === name),
      dx: each * (at - (strategies.values.length - 1) / 2),
    }));
  }

  #plot({ step, points }) {
    const each = Math.ceil(points.length / MOST_DOTS);
    const dots = points.filter((_, at) => at % each === 0);
    const strategy = byName(this.columns, "strategy");
    const about = ({ row }) => ["strategy", "workspace", "round", this.x.name(), this.y.name()]
      .flatMap((name) => byName(this.columns, name) ?? [])
      .map((column) => `${column.name}: ${plain(column.at(row))}`).join("\n");
    const label = `${this.y.name()} by ${this.x.name()} in ${plain(step)}`;
    const drawing = Plot.plot({
      width: 460,
      height: 310 + (this.x.names() ? this.x.room() : 0),
      marginLeft: 20 + this.y.room(),
      marginBottom: this.x.names() ? 30 + this.x.room() : 40,
      marginRight: 24,
      marginTop: 34,
      style: { fontSize: "13px" },
      x: { ...this.x.scale(), ...(this.x.names() && { tickRotate: -60 }) },
      y: this.y.scale(),
      ...this.scales,
      marks: this.#beside(dots).map(({ dots, dx }) => Plot.dot(dots, {
        x: "x", y: "y", dx, r: 4, strokeWidth: 1.5,
        // A strategy is called `none`, which is also a colour.
        stroke: { value: ({ row }) => strategy.at(row), scale: "color" },
        symbol: { value: ({ row }) => strategy.at(row), scale: "symbol" },
        title: about, tip: true,
      })),
    });
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", label);
    const rows = each > 1 ? `1 in ${each} of ${grouped(points.length)} rows` : `${grouped(points.length)} rows`;
    return make("figure", { class: "ask-plot" }, make("figcaption", {}, make("strong", {}, plain(step)), ` (${rows})`), drawing);
  }
}

/** A choice of a column for an axis, with the scale that suits it. */
function axisField(direction, columns, first, change) {
  const select = make("select", { "data-axis": direction },
    ...columns.map(({ name }, at) => make("option", { value: String(at) }, plain(name))));
  select.value = String(columns.indexOf(first));
  const log = make("input", { type: "checkbox" });
  const logLabel = make("label", { class: "log" }, log, "logarithmic");
  const column = () => columns[Number(select.value)];
  const changed = () => {
    logLabel.hidden = !column().numeric;
    change();
  };
  select.addEventListener("change", changed);
  log.addEventListener("change", changed);
  logLabel.hidden = !first.numeric;
  const names = () => !column().numeric;
  return {
    element: make("div", { class: "axis" }, make("label", {}, direction === "up" ? "Up" : "Across", select), logLabel),
    name: () => column().name,
    names,
    at: (row) => {
      const value = column().at(row);
      if (value === "") return null;
      if (names()) return value;
      return log.checked && Number(value) <= 0 ? null : Number(value);
    },
    count: () => column().values.length,
    /** Pixels that its labels take. */
    room: () => (names() ? 6 * Math.min(LABEL, Math.max(...column().values.map(({ length }) => length))) : 44),
    scale: () => {
      const label = column().name;
      if (names()) return { type: "point", label, tickFormat: (name) => plain(name.length > LABEL ? `${name.slice(0, LABEL - 1)}…` : name) };
      const size = label.endsWith("_bytes");
      return { type: log.checked ? "log" : "linear", label, grid: true, nice: !log.checked, ticks: 5, ...(size && { tickFormat: sizeText }) };
    },
  };
}
