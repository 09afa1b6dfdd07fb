// traces.js and numbers.js on the cases that the headless double and the load test are held to, too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { thin } from "../../../widgets/browser/numbers.js";
import { Traces, carryOut } from "../../../widgets/browser/traces.js";

const { thinned, frames } = JSON.parse(readFileSync(new URL("frames.json", import.meta.url)));

class Kept extends Traces {
  layout = {};

  relayout(changes) {
    Object.assign(this.layout, changes);
  }
}

const expanded = (number) =>
  number?.ramp
    ? Array.from({ length: number.ramp[2] }, (_, i) => number.ramp[0] + i * number.ramp[1])
    : [number ?? NaN];

for (const { what, x, y, limit, path, kept } of thinned) {
  test(what, () => {
    assert.deepEqual(thin(x, y, limit, path), [kept.map((i) => x[i]), kept.map((i) => y[i])]);
  });
}

for (const { what, given, messages, shown, layouts, points } of frames) {
  test(what, () => {
    const figures = given.map((data) => new Kept(data));
    for (const { ops, numbers } of messages) carryOut(ops, Float64Array.from(numbers.flatMap(expanded)), figures);
    if (shown)
      assert.deepEqual(
        figures.map(({ all }) => all),
        shown,
      );
    if (layouts)
      assert.deepEqual(
        figures.map(({ layout }) => layout),
        layouts,
      );
    if (points)
      assert.deepEqual(
        figures.map(({ all }) => all.map(({ x }) => x.length)),
        points,
      );
  });
}

test("what has changed is told once", () => {
  const traces = new Traces([
    { x: [], y: [] },
    { x: [], y: [] },
  ]);
  traces.extend(1, [0], [1], false);
  assert.deepEqual(traces.takeDirty(), [1]);
  assert.deepEqual(traces.takeDirty(), []);
  traces.clear();
  assert.deepEqual(traces.takeDirty(), [1]);
});

test("what was given is not written into", () => {
  const given = [{ x: [1], y: [2] }];
  const traces = new Traces(given);
  traces.extend(0, [3], [4], false);
  traces.replace(0, "y", [5, 6]);
  assert.deepEqual(given, [{ x: [1], y: [2] }]);
});
