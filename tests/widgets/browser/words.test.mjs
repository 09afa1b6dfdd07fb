// What a figure says of itself.

import assert from "node:assert/strict";
import test from "node:test";

import { brief, cellsInWords, plain, traceInWords } from "../../../widgets/browser/words.js";

test("numbers have three digits, whole ones all", () => {
  assert.deepEqual([1234567, 0.123456, -2.5, 1e-9].map(brief), ["1234567", "0.123", "-2.5", "1e-9"]);
});

test("tags are left out", () => {
  assert.equal(plain("η<sub>opt</sub> <b>now</b>"), "ηopt now");
  assert.equal(plain(undefined), "");
});

test("a curve is told by its ends, and by what lies beyond them", () => {
  assert.equal(traceInWords("loss", [0, 1, 2], [4, 3, 1], "step"), "loss from 4 at step 0 to 1 at step 2");
  assert.equal(
    traceInWords("loss", [0, 1, 2], [4, 9, 1], "step"),
    "loss from 4 at step 0 to 1 at step 2, between 1 and 9",
  );
});

test("what is not finite is left out", () => {
  assert.equal(traceInWords("loss", [0, 1, 2], [NaN, 3, null], "step"), "loss 3 at step 1");
  assert.equal(traceInWords("loss", [0], [NaN], "step"), null);
});

test("cells are counted where they have a value", () => {
  assert.equal(
    cellsInWords("lit", [
      [0, 1],
      [NaN, 2],
    ]),
    "lit in 2 cells",
  );
  assert.equal(cellsInWords("lit", [[0, 0]]), null);
});
