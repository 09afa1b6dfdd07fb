// The traces of one figure as data: as they were given, and what has come since, in bounded size.

import { inRows, thin } from "./numbers.js";

const POINTS_ON_SCREEN = 600;
const POINTS_OF_A_PATH = 4000;

export class Traces {
  constructor(given) {
    this.given = given;
    this.all = given.map((trace) => ({ ...trace }));
    this.touched = new Map();
    this.dirty = new Set();
  }

  extend(trace, x, y, path) {
    const data = this.all[trace];
    let xs = [...(Array.isArray(data.x) ? data.x : []), ...x];
    let ys = [...(Array.isArray(data.y) ? data.y : []), ...y];
    const limit = path ? POINTS_OF_A_PATH : POINTS_ON_SCREEN;
    if (xs.length > 2 * limit) [xs, ys] = thin(xs, ys, limit, path);
    Object.assign(data, { x: xs, y: ys });
    this.touch(trace, "x", "y");
  }

  replace(trace, key, values, columns) {
    const numbers = Array.from(values, (value) => (Number.isFinite(value) ? value : null));
    this.all[trace][key] = columns ? inRows(numbers, columns) : numbers;
    this.touch(trace, key);
  }

  // Back to the traces as given; what grew or was replaced is gone.
  clear() {
    this.all.forEach((data, trace) => {
      if (!this.touched.has(trace)) return;
      for (const key of this.touched.get(trace)) data[key] = this.given[trace][key];
      this.dirty.add(trace);
    });
    this.touched.clear();
  }

  touch(trace, ...keys) {
    if (!this.touched.has(trace)) this.touched.set(trace, new Set());
    for (const key of keys) this.touched.get(trace).add(key);
    this.dirty.add(trace);
  }

  // Which have changed since this was asked last.
  takeDirty() {
    const taken = [...this.dirty];
    this.dirty.clear();
    return taken;
  }
}

// Carry out the operations of one message, in order, on what has the methods of `Traces` and `relayout(changes)`.
export function carryOut(operations, numbers, figures) {
  let at = 0;
  const take = (count) => numbers.subarray(at, (at += count));
  for (const [kind, index, ...rest] of operations) {
    const figure = figures[index];
    if (kind === "clear") {
      figures.forEach((each) => each.clear());
    } else if (kind === "layout") {
      figure.relayout(rest[0]);
    } else if (kind === "replace") {
      const [trace, count, key, columns] = rest;
      figure.replace(trace, key, take(count), columns);
    } else {
      const [trace, count, path] = rest;
      figure.extend(trace, take(count), take(count), path);
    }
  }
}
