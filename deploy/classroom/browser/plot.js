// Small figures, drawn as SVG of the width that there is.

const NAMESPACE = "http://www.w3.org/2000/svg";
const MARGIN = { left: 46, right: 14, top: 24, bottom: 40 };
const SUPERSCRIPT = Object.fromEntries([..."-0123456789"].map((each, at) => [each, [..."⁻⁰¹²³⁴⁵⁶⁷⁸⁹"][at]]));

export function shape(tag, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// A number as one reads it on an axis.
export function said(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e5) return String(Number(value.toPrecision(3))).replace("-", "−");
  const [digits, power] = value.toExponential(1).split("e");
  const ten = `10${[...String(Number(power))].map((each) => SUPERSCRIPT[each]).join("")}`;
  const factor = String(Number(digits)).replace("-", "−");
  return factor === "1" ? ten : `${factor}·${ten}`;
}

// Round numbers from `low` to `high`, about `count` of them.
function roundTicks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, at) => (first + at) * step);
}

// An axis: `range` in decades where it is logarithmic, as plotly has it; `place` takes a value to a share from 0 to 1.
export class Axis {
  constructor({ title = "", log = false, range }) {
    Object.assign(this, { title, log, low: range[0], high: range[1] });
  }

  place(value) {
    const at = this.log ? (value > 0 ? Math.log10(value) : -Infinity) : value;
    return Math.min(Math.max((at - this.low) / (this.high - this.low), 0), 1);
  }

  valueAt(share) {
    const at = this.low + share * (this.high - this.low);
    return this.log ? 10 ** at : at;
  }

  ticks(count) {
    if (!this.log) return roundTicks(this.low, this.high, count);
    const every = Math.max(1, Math.round((this.high - this.low) / count));
    return roundTicks(Math.ceil(this.low), Math.floor(this.high), (this.high - this.low) / every)
      .filter(Number.isInteger)
      .map((power) => 10 ** power);
  }
}

// A figure with two axes; `words` is what it shows, for who does not see it.
export class Plot {
  constructor(element, xAxis, yAxis, words, height = 240) {
    Object.assign(this, { element, xAxis, yAxis, height });
    this.width = Math.max(element.clientWidth || 320, 200);
    this.svg = shape("svg", {
      role: "img",
      "aria-label": words,
      width: this.width,
      height,
      viewBox: `0 0 ${this.width} ${height}`,
      class: "tdl-class-plot",
    });
    element.replaceChildren(this.svg);
    this.drawAxes();
  }

  get across() {
    return this.width - MARGIN.left - MARGIN.right;
  }

  get down() {
    return this.height - MARGIN.top - MARGIN.bottom;
  }

  x(value) {
    return MARGIN.left + this.across * this.xAxis.place(value);
  }

  y(value) {
    return MARGIN.top + this.down * (1 - this.yAxis.place(value));
  }

  // Shares of the axes at a point of the window.
  sharesAt({ clientX, clientY }) {
    const box = this.svg.getBoundingClientRect();
    const within = (share) => Math.min(Math.max(share, 0), 1);
    return [
      within((clientX - box.left - MARGIN.left) / this.across),
      within(1 - (clientY - box.top - MARGIN.top) / this.down),
    ];
  }

  drawAxes() {
    const bottom = MARGIN.top + this.down;
    for (const value of this.yAxis.ticks(4)) {
      const at = this.y(value);
      this.add("line", { class: "tdl-class-grid", x1: MARGIN.left, x2: MARGIN.left + this.across, y1: at, y2: at });
      this.add("text", { class: "tdl-class-tick", x: MARGIN.left - 6, y: at + 4, "text-anchor": "end" }, said(value));
    }
    for (const value of this.xAxis.ticks(Math.max(2, Math.round(this.across / 90)))) {
      const at = this.x(value);
      this.add("line", { class: "tdl-class-grid", x1: at, x2: at, y1: MARGIN.top, y2: bottom });
      this.add("text", { class: "tdl-class-tick", x: at, y: bottom + 16, "text-anchor": "middle" }, said(value));
    }
    const middle = MARGIN.left + this.across / 2;
    this.add(
      "text",
      { class: "tdl-class-title", x: middle, y: this.height - 6, "text-anchor": "middle" },
      this.xAxis.title,
    );
    if (this.yAxis.title) {
      this.add("text", { class: "tdl-class-title", x: MARGIN.left, y: MARGIN.top - 9 }, this.yAxis.title);
    }
  }

  add(tag, attributes, ...children) {
    const element = shape(tag, attributes, ...children);
    this.svg.append(element);
    return element;
  }

  // A line through points; a gap where a value is null.
  line(xs, ys, name) {
    let path = "";
    let isGap = true;
    xs.forEach((x, at) => {
      const y = ys[at];
      if (y !== null && y !== undefined) path += `${isGap ? "M" : "L"}${this.x(x).toFixed(1)} ${this.y(y).toFixed(1)}`;
      isGap = y === null || y === undefined;
    });
    return this.add("path", { class: `tdl-class-line ${name}`, d: path });
  }
}

// Calls `draw` now and whenever the element has another width.
export function redrawn(element, draw) {
  let width = 0;
  new ResizeObserver(() => {
    if (element.clientWidth === width || !element.clientWidth) return;
    width = element.clientWidth;
    draw();
  }).observe(element);
}
