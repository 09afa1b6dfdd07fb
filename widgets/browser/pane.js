// A pane of a drawing: a plot with its axes, in pixels that count from its upper left corner.

import { text } from "./ink.js";

const ROOM = { left: 46, right: 14, top: 28, bottom: 40, bare: 2 };

export class Pane {
  // `what`: `title`; `x` and `y`, the lowest and the highest value; and unless it is a plane without axes, `across` and
  // `up`, what they are, with `ticks` of both, pairs of a value and what is written there. `box` is the room it has.
  constructor(what, box) {
    const bare = !what.ticks;
    const [left, bottom] = bare ? [ROOM.bare, ROOM.bare] : [ROOM.left, ROOM.bottom];
    Object.assign(this, { what, left: box.left + left, top: box.top + ROOM.top });
    this.width = box.width - left - ROOM.right;
    this.height = box.height - ROOM.top - bottom;
    [this.lows, this.highs] = [
      [what.x[0], what.y[0]],
      [what.x[1], what.y[1]],
    ];
    if (bare) this.makeEven();
  }

  // One unit is as long across as upwards: the longer side shows more.
  makeEven() {
    const sides = [this.width, this.height];
    const units = sides.map((side, at) => (this.highs[at] - this.lows[at]) / side);
    const unit = Math.max(...units);
    sides.forEach((side, at) => {
      const more = (unit * side - (this.highs[at] - this.lows[at])) / 2;
      this.lows[at] -= more;
      this.highs[at] += more;
    });
  }

  x(value) {
    return ((value - this.lows[0]) / (this.highs[0] - this.lows[0])) * this.width;
  }

  y(value) {
    return (1 - (value - this.lows[1]) / (this.highs[1] - this.lows[1])) * this.height;
  }

  // Values to pixels, and back.
  point([x, y]) {
    return [this.x(x), this.y(y)];
  }

  valuesAt(x, y) {
    return [
      this.lows[0] + (x / this.width) * (this.highs[0] - this.lows[0]),
      this.lows[1] + (1 - y / this.height) * (this.highs[1] - this.lows[1]),
    ];
  }

  holds(x, y) {
    return x >= 0 && y >= 0 && x <= this.width && y <= this.height;
  }

  // Title, axes and what is written at them.
  frame() {
    const { title, across = "", up = "", ticks } = this.what;
    const { left, top, width, height } = this;
    const head = text([ticks ? left - 44 : left, top - 11], title, "tdl-title");
    if (!ticks) return `${head}<rect x="${left}" y="${top}" width="${width}" height="${height}" class="tdl-edge"/>`;
    const bottom = top + height;
    const marks = [
      ...ticks.x.map(([value, name]) => text([left + this.x(value), bottom + 16], name, "tdl-tick", "middle")),
      ...ticks.y.map(([value, name]) => text([left - 6, top + this.y(value) + 4], name, "tdl-tick", "end")),
    ];
    const side = `<g transform="translate(${left - 37} ${top + height / 2}) rotate(-90)">${text([0, 4], up, "tdl-tick", "middle")}</g>`;
    const below = text([left + width / 2, bottom + 34], across, "tdl-tick", "middle");
    return `${head}<path d="M${left} ${top}V${bottom}H${left + width}" class="tdl-axis"/>${marks.join("")}${side}${below}`;
  }
}
