// Lesson 1: how fast heavy ball comes down a quadratic, for each learning rate and each momentum.

import { initialize, rendering } from "./drawing.js";
import { errorsOf, kindOf, rateOf } from "./heavy_ball.js";
import { curve, dot, sampled, text, ticks, written } from "./ink.js";
import { shade } from "./shading.js";

const STEPS = 36;
const HIGHEST = 0.99;
const SAID = {
  monotone: "the error creeps to zero without changing its sign",
  ripples: "the error ripples around zero",
  oscillating: "the error flips its sign at each step",
};
const NAMES = { monotone: "creeps", ripples: "ripples", oscillating: "flips", diverging: "diverges" };

// Borders between the parts, as curves over beta.
const BORDERS = [(b) => (1 - Math.sqrt(b)) ** 2, (b) => (1 + Math.sqrt(b)) ** 2, (b) => 2 * (1 + b)];

function plane(pane) {
  const border = (of) => sampled((b) => pane.point([of(b), b]), 0, 1);
  const label = (e, beta, name, anchor = "middle") => text(pane.point([e, beta]), name, "tdl-name", anchor);
  return [
    ...BORDERS.map((of) => curve(border(of), "tdl-border")),
    label(0.04, 0.015, NAMES.monotone, "start"),
    label(1, 0.42, NAMES.ripples),
    label(1.76, 0.015, NAMES.oscillating),
    label(3.25, 0.3, NAMES.diverging),
  ].join("");
}

function path({ rate, beta }, pane) {
  const points = errorsOf(rate, beta, STEPS).map((error, step) => pane.point([step, error]));
  const zero = curve([pane.point([0, 0]), pane.point([STEPS, 0])], "tdl-border");
  return zero + curve(points, "tdl-vivid") + points.map((point) => dot(point, 2.5, "tdl-mark")).join("");
}

function words({ rate, beta }) {
  const kind = kindOf(rate, beta);
  const left = rateOf(rate, beta);
  const where = `At ηλ = ${rate.toFixed(2)} and β = ${beta.toFixed(2)}`;
  if (kind === "diverging") {
    const grows =
      left < 1.0005 ? "stands on the limit" : `diverges: in the long run the error grows ${written(left)}-fold a step`;
    return `${where} heavy ball ${grows}.`;
  }
  const steps = Math.ceil(Math.log(0.1) / Math.log(left));
  const tenth = steps > 1 ? `, and ${steps} steps at most a tenth` : "";
  const pace = left < 1e-3 ? "one step is enough" : `in the long run each step leaves ${written(left)} of it${tenth}`;
  return `${where} ${SAID[kind]}; ${pace}.`;
}

const MOMENTUM = {
  label: "Convergence of heavy ball over learning rate and momentum",
  start: { rate: 1.4, beta: 0.6 },
  panes: [
    {
      title: "The stronger the colour, the faster",
      share: 0.56,
      x: [0, 4],
      y: [0, 1],
      across: "learning rate × curvature, ηλ",
      up: "momentum β",
      ticks: { x: ticks([0, 1, 2, 3, 4]), y: ticks([0, 0.5, 1]) },
    },
    {
      title: "The error, step by step",
      share: 0.44,
      x: [0, STEPS],
      y: [-1.1, 1.1],
      across: "step",
      up: "error",
      ticks: { x: ticks([0, 12, 24, 36]), y: ticks([-1, 0, 1], written) },
    },
  ],
  grips: [
    {
      label: "Learning rate and momentum",
      pane: 0,
      comes: true,
      sets: [
        ["rate", 0.02, 4, 0.02],
        ["beta", 0, HIGHEST, 0.01],
      ],
      at: ({ rate, beta }) => [rate, beta],
      from: (x, y) => [x, y],
      said: ({ rate, beta }) => `ηλ ${rate.toFixed(2)}, β ${beta.toFixed(2)}, ${NAMES[kindOf(rate, beta)]}`,
    },
  ],
  paint: (state, [map, errors]) => [plane(map), path(state, errors)],
  words,
  shades: (_, [map], style, paper) => shade(paper, map, style, (e, beta) => (1 - rateOf(e, beta)) ** 0.7),
};

const render = rendering(MOMENTUM);

export default { initialize, render };
