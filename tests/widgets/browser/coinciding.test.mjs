// coinciding.js: lines that lie on each other, the earlier of which would not be seen.

import assert from "node:assert/strict";
import test from "node:test";

import { hiddenTraces, widthUnder } from "../../../widgets/browser/coinciding.js";

// Axes of 400 by 200 pixels on which a number is a pixel.
const axis = (id, length) => ({ _id: id, _length: length, d2p: (value) => value });
const LAYOUT = { xaxis: axis("x", 400), yaxis: axis("y", 200), yaxis2: axis("y2", 200) };
const line = (x, y, more = {}) => ({ x, y, meta: "measured", mode: "lines", ...more });
const over = (of, count = 101, more = {}) => {
  const x = Array.from({ length: count }, (_, i) => (400 * i) / (count - 1));
  return line(x, x.map(of), more);
};
const found = (...traces) =>
  Object.fromEntries(
    hiddenTraces(
      traces,
      LAYOUT,
      traces.map(({ line: { width } = { width: 2 } }) => width),
    ),
  );
const wave = (x) => 100 + 50 * Math.sin(x / 30);

test("of lines on each other each earlier one is hidden by all later ones", () => {
  const [one, other] = [over(wave), over((x) => wave(x) + 0.8)];
  assert.deepEqual(
    found(
      one,
      over((x) => x / 4),
      other,
      over(wave),
    ),
    { 0: [2, 3], 2: [3] },
  );
  assert.deepEqual(
    [[], [2], [2, 3]].map((others) => widthUnder(2, others)),
    [2, 5, 8],
  );
});

test("they may be measured at other steps, and one may end before the other", () => {
  const short = over(wave, 41);
  const half = line(short.x.slice(0, 20), short.y.slice(0, 20));
  assert.deepEqual(found(half, over(wave, 401)), { 0: [1] });
  assert.deepEqual(found(over(wave, 401), half), {}, "what goes on is seen");
});

test("lines that cross, or are as near as three pixels, hide nothing", () => {
  assert.deepEqual(
    found(
      over(wave),
      over((x) => 200 - wave(x)),
      over((x) => wave(x) + 3),
    ),
    {},
  );
});

test("a noisy line does not hide another one, though it fills the same room", () => {
  const noisy = (seed) => over((x) => 100 + 60 * Math.sin(12.9898 * x * seed), 600);
  assert.deepEqual(found(noisy(1), noisy(1.7)), {});
});

test("paths in a plane are compared point by point", () => {
  const turn = (size, shift) => {
    const angles = Array.from({ length: 80 }, (_, i) => i / 6);
    return line(...[Math.cos, Math.sin].map((of) => angles.map((a) => shift + size * of(a) * Math.exp(-a / 9))));
  };
  assert.deepEqual(found(turn(90, 100), turn(90.5, 100), turn(90, 110)), { 0: [1] });
});

test("steps of a staircase are the same staircase", () => {
  const [x, y] = [
    [0, 100, 100, 200, 200, 400],
    [10, 10, 60, 60, 120, 120],
  ];
  assert.deepEqual(found(line(x, y), line(x, y)), { 0: [1] });
});

test("only what is in sight, long enough, drawn and on the same axes counts", () => {
  const out = (x) => (x < 200 ? wave(x) : 1000 + x);
  assert.deepEqual(
    found(
      over(out),
      over((x) => (x < 200 ? wave(x) : -500)),
    ),
    { 0: [1] },
  );
  const start = line([0, 20], [50, 50]);
  assert.deepEqual(found(start, start), {}, "too short to be told");
  const steep = line([0, 20, 40], [0, 200, 0]);
  assert.deepEqual(found(steep, steep), {}, "at the start all are together");
  assert.deepEqual(found(over(wave), over(wave, 101, { yaxis: "y2" })), {});
  assert.deepEqual(found(over(wave), over(wave, 101, { visible: false })), {});
  assert.deepEqual(found(over(wave), over(wave, 101, { meta: "predicted" })), {});
  assert.deepEqual(found(over(wave, 101, { line: { width: 4 } }), over(wave)), {}, "it is broader already");
  assert.deepEqual(
    found(
      over(wave),
      over(() => null),
      line([], []),
      line(undefined, undefined),
    ),
    {},
  );
});
