// Lesson 6: which way the weights' norm rho goes, where only their direction counts for the loss.

import { initialize, rendering } from "./drawing.js";
import { arrow, curve, dot, sampled, text, ticks, written } from "./ink.js";
import { gradientAt, polar } from "./scale_free.js";
import { nextNorm, normsFrom, restingNorm } from "./weight_norm.js";

const [G, ETA, DECAY] = [1.2, 0.5, 0.4];
const ANGLE = (38 * Math.PI) / 180;
const STEPS = 20;
const [LOW, HIGH] = [0.35, 2.6];
const STEP_NAME = 96; // pixels, the width of the name at the gradient's arrow, which stays inside
const REST = restingNorm(G, ETA, DECAY);

const circle = (pane, radius, from = 0, to = 2 * Math.PI) =>
  sampled((angle) => pane.point(polar(radius, angle)), from, to);

function plane({ norm }, pane) {
  const [x, y] = polar(norm, ANGLE);
  const [inX, inY] = polar((1 - ETA * DECAY) * norm, ANGLE);
  const [outX, outY] = polar(ETA * gradientAt(norm, G), ANGLE + Math.PI / 2);
  const name = (point, words, anchor = "start", kind = "tdl-name") => text(pane.point(point), words, kind, anchor);
  const [tipX, tipY] = pane.point([x + outX, y + outY + 0.1]);
  const [restX, restY] = polar(REST, -0.32);
  return [
    curve(circle(pane, REST), "tdl-shade", "Z"),
    curve(circle(pane, REST), "tdl-dashes", "Z"),
    curve(circle(pane, norm), "tdl-border", "Z"),
    curve([pane.point([0, 0]), pane.point([x, y])], "tdl-line"),
    arrow(pane.point([x, y]), pane.point([inX, inY]), "tdl-vivid"),
    arrow(pane.point([x, y]), pane.point([x + outX, y + outY]), "tdl-vivid"),
    curve([pane.point([x + outX, y + outY]), pane.point([inX + outX, inY + outY])], "tdl-dashes"),
    dot(pane.point([inX + outX, inY + outY]), 5, "tdl-spot"),
    text([Math.max(tipX, STEP_NAME / 2), tipY], "gradient step", "tdl-name", "middle"),
    name([(x + inX) / 2 + 0.1, (y + inY) / 2 - 0.2], "decay"),
    name([restX + 0.06, restY], "balance"),
  ].join("");
}

function course({ norm }, pane) {
  const points = normsFrom(norm, G, ETA, DECAY, STEPS).map((each, step) => pane.point([step, each]));
  const [left, y] = pane.point([0, REST]);
  return [
    curve(
      [
        [left, y],
        [pane.width, y],
      ],
      "tdl-dashes",
    ),
    text([pane.width - 4, y + 17], `balance, ${written(REST)}`, "tdl-name", "end"),
    curve(points, "tdl-vivid"),
    ...points.map((point) => dot(point, 3, "tdl-mark")),
  ].join("");
}

function sentence({ norm }) {
  const next = nextNorm(norm, G, ETA, DECAY);
  const winner =
    Math.abs(next / norm - 1) < 0.002 ? "both balance" : next > norm ? "the gradient wins" : "weight decay wins";
  return (
    `At ρ = ${norm.toFixed(2)} ${winner}: a step of ${written(ETA * gradientAt(norm, G))} at right angles and ` +
    `${written(ETA * DECAY * norm)} of decay make it ${next.toFixed(2)}. The effective learning rate η/ρ² is ` +
    `${written(ETA / norm ** 2)}.`
  );
}

const NORM = {
  label: "The weights' norm between gradient and weight decay",
  start: { norm: 1.7 },
  panes: [
    { title: "One step of the weights", share: 0.5, x: [-0.85, 2.5], y: [-0.35, 1.95] },
    {
      title: "Their norm, if the gradient's strength stays",
      share: 0.5,
      x: [0, STEPS],
      y: [0, HIGH],
      across: "step",
      up: "norm ρ",
      ticks: { x: ticks([0, 5, 10, 15, 20]), y: ticks([0, 1, 2]) },
    },
  ],
  grips: [
    {
      label: "Norm of the weights",
      pane: 0,
      sets: [["norm", LOW, HIGH, 0.05]],
      at: ({ norm }) => polar(norm, ANGLE),
      from: (x, y) => [x * Math.cos(ANGLE) + y * Math.sin(ANGLE)],
      said: ({ norm }) => `norm ${norm.toFixed(2)}, effective learning rate ${written(ETA / norm ** 2)}`,
    },
  ],
  paint: (state, [weights, norms]) => [plane(state, weights), course(state, norms)],
  words: sentence,
};

const render = rendering(NORM);

export default { initialize, render };
