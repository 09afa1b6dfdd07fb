// Lesson 3: gradient descent on a parabola, and the parabola of curvature 2/η above or below it.

import { iteratesFrom, lossAt, touching } from "./descent.js";
import { initialize, rendering } from "./drawing.js";
import { curve, dot, sampled, text, ticks, written } from "./ink.js";

const JUMPS = 10;
const [LOWEST, HIGHEST] = [0.05, 2.5];
const WIDE = 2.6;
const isBest = (rate) => Math.abs(rate - 1) < 0.0005;
const isLimit = (rate) => Math.abs(rate - 2) < 0.0005;

function valley({ rate, start }, pane) {
  const on = (of) => sampled((x) => pane.point([x, of(x)]), -WIDE, WIDE);
  const points = iteratesFrom(start, rate, JUMPS).map((x) => pane.point([x, lossAt(x)]));
  const next = (1 - rate) * start;
  const level = [start, next].map((x) => pane.point([x, lossAt(start)]));
  return [
    curve(on(lossAt), "tdl-line"),
    curve(
      on((x) => touching(x, rate, start, lossAt(start), start)),
      "tdl-dashes",
    ),
    curve(level, "tdl-border"),
    curve(points, "tdl-vivid tdl-thin"),
    ...points.slice(1).map((point) => dot(point, 4, "tdl-mark")),
    text(pane.point([0, -0.36]), "line: curvature λ · dashes: 2/η", "tdl-name", "middle"),
  ].join("");
}

function factors({ rate }, pane) {
  const at = (eta, up) => pane.point([eta, up]);
  const name = (eta, up, words, anchor) => text(at(eta, up), words, "tdl-name", anchor);
  return [
    curve([at(2, -1), at(2, 9), at(9, 9), at(9, -1)], "tdl-shade", "Z"),
    curve([at(0, 1), at(9, 1)], "tdl-border"),
    curve([at(2, -1), at(2, 9)], "tdl-dots"),
    curve([at(0, 1), at(1, 0), at(3, 2)], "tdl-line"),
    curve([at(rate, 0), at(rate, Math.abs(1 - rate))], "tdl-vivid tdl-thin"),
    name(1, 0.27, "best", "middle"),
    name(1.94, 1.43, "limit", "end"),
    name(2.3, 0.22, "diverges", "middle"),
  ].join("");
}

// From where to where; nothing where the words have said it.
function went({ rate, start }) {
  const [from, next, to] = [start, (1 - rate) * start, iteratesFrom(start, rate, JUMPS).at(-1)].map((x) => written(x));
  if (!start) return "";
  if (isBest(rate)) return `, from ${from}`;
  return isLimit(rate) ? `, between ${from} and ${next}` : `: from ${from} to ${to} in ${JUMPS} steps`;
}

function sentence(state) {
  const { rate, start } = state;
  const factor = 1 - rate;
  const how = !start
    ? "stays where it is, at the minimum"
    : isLimit(rate)
      ? "jumps to and fro for ever, as high each time"
      : isBest(rate)
        ? "is at the minimum in one step"
        : rate > 2
          ? "jumps across the minimum, farther each time, and diverges"
          : rate > 1
            ? "jumps across the minimum and comes nearer"
            : "creeps down one side";
  return (
    `With ηλ = ${rate.toFixed(2)} each step multiplies the distance to the minimum by ${written(factor)}. ` +
    `It ${how}${went(state)}.`
  );
}

const LIMIT = {
  label: "Gradient descent on a parabola, below and beyond the limit of the learning rate",
  start: { rate: 1.5, start: -2 },
  panes: [
    {
      title: "The first ten steps",
      share: 0.56,
      x: [-WIDE, WIDE],
      y: [-0.5, 3.2],
      across: "place along the top eigenvector",
      up: "loss",
      ticks: { x: ticks([-2, -1, 0, 1, 2], written), y: ticks([0, 1, 2, 3]) },
    },
    {
      title: "What a step leaves of the distance",
      share: 0.44,
      x: [0, 2.6],
      y: [0, 1.6],
      across: "learning rate × curvature, ηλ",
      up: "factor |1 − ηλ|",
      ticks: { x: ticks([0, 0.5, 1, 1.5, 2, 2.5]), y: ticks([0, 0.5, 1, 1.5]) },
    },
  ],
  grips: [
    {
      label: "Start",
      pane: 0,
      sets: [["start", -2.4, 2.4, 0.05]],
      at: ({ start }) => [start, lossAt(start)],
      from: (x) => [x],
      said: ({ start }) => `start at ${written(start)}`,
    },
    {
      label: "Learning rate",
      pane: 1,
      comes: true,
      sets: [["rate", LOWEST, HIGHEST, 0.01]],
      at: ({ rate }) => [rate, Math.abs(1 - rate)],
      from: (x) => [x],
      said: ({ rate }) => `ηλ ${rate.toFixed(2)}, factor ${written(1 - rate)}`,
    },
  ],
  paint: (state, [loss, factor]) => [valley(state, loss), factors(state, factor)],
  words: sentence,
};

const render = rendering(LIMIT);

export default { initialize, render };
