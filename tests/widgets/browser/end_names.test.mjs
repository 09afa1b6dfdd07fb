// end_names.js: which lines are named at their ends, and that no two names touch.

import assert from "node:assert/strict";
import test from "node:test";

import { namedAtEnds, spread } from "../../../widgets/browser/end_names.js";

const line = { type: "scatter", mode: "lines" };
const over = { showlegend: true, meta: { ends: true } };

test("two to four lines of a legend are named at their ends, others in it", () => {
  const behind = { ...line, showlegend: false };
  assert.deepEqual(namedAtEnds(over, [behind, line, line, behind]), [1, 2]);
  assert.deepEqual(namedAtEnds(over, [line, line, line, line, line]), []);
  assert.deepEqual(namedAtEnds(over, [line]), []);
  assert.deepEqual(namedAtEnds(over, [line, { ...line, mode: "markers" }]), []);
  assert.deepEqual(namedAtEnds({ ...over, meta: {} }, [line, line]), []);
  assert.deepEqual(namedAtEnds({ ...over, showlegend: false }, [line, line]), []);
});

test("names stand apart, in order, within the plot, and where they want to if they can", () => {
  assert.deepEqual(spread([20, 100, 60], 200), [20, 100, 60]);
  for (const wanted of [
    [0, 0, 0, 0],
    [200, 200, 199, 198],
    [100, 101, 99, 100],
    [0, 1, 199, 200],
  ]) {
    const placed = spread(wanted, 200);
    const sorted = placed.toSorted((a, b) => a - b);
    for (let k = 1; k < sorted.length; k++) assert.ok(sorted[k] - sorted[k - 1] >= 15 - 1e-9);
    assert.ok(sorted[0] >= 7.5 && sorted.at(-1) <= 192.5);
  }
});
