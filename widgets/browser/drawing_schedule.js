// Lesson 2: what a schedule leaves of the way, and what it keeps of the noise.

import { initialize, rendering } from "./drawing.js";
import { curve, text, ticks } from "./ink.js";
import { partsOf, ratesOf } from "./noisy_steps.js";

const STEPS = 200;
const [NAME_WIDE, NAME_HIGH] = [76, 14]; // of "noise kept", in pixels
const POINTS = [0, 1, 2, 3, 4];
const [CURVATURES, STARTS, SIGMA] = [[1, 0.02], [0.2, 0.8], 0.75];
const stepOf = (point) => (point * STEPS) / (POINTS.length - 1);
const pointsOf = (state) => POINTS.map((point) => state[`eta${point}`]);
const partsAt = (state) => partsOf(ratesOf(pointsOf(state), STEPS), CURVATURES, STARTS, SIGMA);

function rates(state, pane) {
  const line = pointsOf(state).map((eta, point) => pane.point([stepOf(point), eta]));
  return curve(line, "tdl-vivid");
}

// Where its band is high enough for all of it; nowhere, if it is so nowhere.
function nameOfNoise(parts, pane) {
  const half = Math.ceil((NAME_WIDE / 2) * (STEPS / pane.width));
  const lowest = (at) => Math.min(...parts.slice(at - half, at + half + 1).map((part) => part.noise));
  const places = Array.from({ length: STEPS + 1 - 2 * half }, (_, at) => at + half);
  const best = places.reduce((one, other) => (lowest(other) >= lowest(one) ? other : one));
  const [x, middle] = pane.point([best, lowest(best) / 2]);
  const [, ground] = pane.point([best, 0]);
  return ground - middle < NAME_HIGH / 2 ? "" : text([x, middle + 4], "noise kept", "tdl-name", "middle");
}

function bands(state, pane) {
  const parts = partsAt(state);
  const noise = parts.map((part, step) => pane.point([step, part.noise]));
  const whole = parts.map((part, step) => pane.point([step, part.noise + part.way]));
  const ground = [pane.point([STEPS, 0]), pane.point([0, 0])];
  return [
    curve([...noise, ...ground], "tdl-noise", "Z"),
    curve([...whole, ...noise.toReversed()], "tdl-distance", "Z"),
    curve(whole, "tdl-line"),
    nameOfNoise(parts, pane),
    text(pane.point([11, 0.36]), "distance still to go", "tdl-name"),
  ].join("");
}

function sentence(state) {
  const { way, noise } = partsAt(state).at(-1);
  const whole = Number(way.toFixed(4)) + Number(noise.toFixed(4)); // what is written adds up
  return (
    `After ${STEPS} steps the expected loss is ${whole.toFixed(4)} of the first one: ` +
    `${way.toFixed(4)} is distance still to go, ${noise.toFixed(4)} noise kept.`
  );
}

const steps = ticks([0, 50, 100, 150, 200]);

const SCHEDULE = {
  label: "The expected loss of a schedule, bent by hand",
  start: Object.fromEntries(POINTS.map((point) => [`eta${point}`, 0.6])),
  panes: [
    {
      title: "The schedule",
      height: 190,
      narrow: 180,
      x: [0, STEPS],
      y: [0, 1],
      up: "learning rate η",
      ticks: { x: steps, y: ticks([0, 0.5, 1]) },
    },
    {
      title: "The expected loss",
      height: 260,
      narrow: 230,
      x: [0, STEPS],
      y: [0, 1],
      across: "step",
      up: "share of the first loss",
      ticks: { x: steps, y: ticks([0, 0.5, 1]) },
    },
  ],
  grips: POINTS.map((point) => ({
    label: `Learning rate at step ${stepOf(point)}`,
    pane: 0,
    sets: [[`eta${point}`, 0.01, 1, 0.01]],
    at: (state) => [stepOf(point), state[`eta${point}`]],
    from: (_, y) => [y],
    said: (state) => `η ${state[`eta${point}`].toFixed(2)}`,
  })),
  paint: (state, [above, below]) => [rates(state, above), bands(state, below)],
  words: sentence,
};

const render = rendering(SCHEDULE);

export default { initialize, render };
