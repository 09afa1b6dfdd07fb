// axes.js: no ticks without data, and shares that use their room in steps.

import assert from "node:assert/strict";
import test from "node:test";

import { axesFor, rangeOfShares, ticksOfLogs } from "../../../widgets/browser/axes.js";

const line = (...y) => ({ x: y.map((_, i) => i), y });

test("an axis without a range has no ticks before there are data", () => {
  const layout = { xaxis: { range: [0, 10] }, yaxis: { ticks: "outside" } };
  const before = axesFor(layout, [line()], new Set());
  assert.deepEqual(before, {
    "yaxis.showticklabels": false,
    "yaxis.showgrid": false,
    "yaxis.zeroline": false,
    "yaxis.ticks": "",
  });
  const after = axesFor(layout, [line(1, 2)], new Set());
  assert.deepEqual(after, {
    "yaxis.showticklabels": true,
    "yaxis.showgrid": true,
    "yaxis.zeroline": true,
    "yaxis.ticks": "outside",
  });
  assert.deepEqual(axesFor(layout, [line()], new Set(["yaxis"])), after);
});

test("what a figure hides stays hidden", () => {
  const layout = { xaxis: { showgrid: false }, yaxis: { visible: false } };
  assert.equal(axesFor(layout, [line(1)], new Set())["xaxis.showgrid"], false);
});

test("an accuracy begins below its smallest value, at a step", () => {
  for (const [smallest, begins] of [
    [0.1, 0],
    [0.5, 0.4],
    [0.83, 0.8],
    [0.95, 0.9],
  ])
    assert.deepEqual(rangeOfShares([0, 1.02], "below", [line(0.99, smallest)]), [begins, 1.02]);
});

test("an error ends above its largest value, at a step", () => {
  const ends = (largest) => rangeOfShares([0, 1], "above", [line(largest, 0.01)])[1];
  assert.deepEqual(
    [0.95, 0.5, 0.15, 0.05].map((largest) => Number(ends(largest).toFixed(3))),
    [1, 0.6, 0.2, 0.1],
  );
});

test("the range only grows while values come, and is given where there are none", () => {
  const values = Array.from({ length: 100 }, (_, i) => 0.95 - 0.009 * i);
  let begins = 1;
  const all = new Set();
  for (let i = 1; i <= values.length; i++) {
    const [low] = rangeOfShares([0, 1], "below", [line(...values.slice(0, i))]);
    assert.ok(low <= begins);
    all.add((begins = low));
  }
  assert.ok(all.size <= 6);
  assert.deepEqual(rangeOfShares([0, 1], "below", [line(), line(null)]), [0, 1]);
});

test("a logarithmic axis has fewer ticks where plotly.js would write each digit", () => {
  const ticks = (range) => ticksOfLogs({ xaxis: {}, yaxis: { type: "log", range } })["yaxis.nticks"];
  assert.deepEqual([[-1, -0.1], [-1, 0.2], [0.2, -1], [-6, 0], undefined].map(ticks), [5, 3, 3, 5, 5]);
  assert.deepEqual(ticksOfLogs({ xaxis: { type: "linear", range: [0, 1] } }), {});
});
