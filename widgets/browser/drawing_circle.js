// Lesson 4: a circle of inputs on its way through three wide tanh nets that differ in their gain.

import { initialize, rendering } from "./drawing.js";
import { curve, dot, sampled, text, ticks, written } from "./ink.js";
import { polar } from "./scale_free.js";
import { anglesFrom } from "./tanh_angles.js";

const DEPTH = 30;
const BIAS = 0.3;
const NETS = [
  { gain: 0.8, name: "order", kind: "tdl-line tdl-thin" },
  { gain: 1.4, name: "edge of chaos", kind: "tdl-line" },
  { gain: 2.5, name: "chaos", kind: "tdl-vivid" },
];
const CIRCLE = Array.from({ length: 13 }, (_, at) => 15 * at);
const RADIANS = Math.PI / 180;

// From 10 on in whole degrees, everywhere alike; smaller angles with one digit or two.
const rounded = (angle) => (angle < 10 ? written(angle, angle < 1 ? 1 : 2) : String(Math.round(angle)));

// The way of each point of the circle through each net, computed once.
let ways = null;
const waysOf = () => (ways ??= NETS.map(({ gain }) => CIRCLE.map((angle) => anglesFrom(angle, gain, BIAS, DEPTH))));

function dial(pane, others, angle) {
  const at = (degrees, radius = 1) => pane.point(polar(radius, degrees * RADIANS));
  const both = others.flatMap((each) => [each, -each]);
  return [
    curve(
      sampled((turn) => at(turn), 0, 360),
      "tdl-axis",
      "Z",
    ),
    ...both.map((each) => dot(at(each), 2.5, "tdl-faint")),
    curve([at(0), pane.point([0, 0]), at(angle)], "tdl-border"),
    curve(
      sampled((turn) => at(turn, 0.3), 0, angle, 30),
      "tdl-vivid",
    ),
    dot(at(0), 5, "tdl-spot"),
    dot(at(angle), 5, "tdl-mark"),
    text(at(Math.max(angle, 24) / 2, 0.42), `${rounded(angle)}°`, "tdl-name"),
  ].join("");
}

function course(state, pane, angles) {
  const now = [pane.point([state.depth, 0]), pane.point([state.depth, 180])];
  const lines = NETS.map(({ name, kind }, net) => {
    const points = angles[net].map((angle, layer) => pane.point([layer, angle]));
    const [x, y] = points.at(-1);
    return curve(points, kind) + text([x - 4, Math.min(y - 9, pane.height - 6)], name, "tdl-name", "end");
  });
  return curve(now, "tdl-dashes") + lines.join("");
}

const anglesOf = ({ angle }) => NETS.map(({ gain }) => anglesFrom(angle, gain, BIAS, DEPTH));

function paint(state, [inputs, ...rest]) {
  const angles = anglesOf(state);
  const dials = NETS.map((_, net) => {
    const others = waysOf()[net].map((way) => way[state.depth]);
    return dial(rest[net], others, angles[net][state.depth]);
  });
  return [dial(inputs, CIRCLE, state.angle), ...dials, course(state, rest[3], angles)];
}

function sentence(state) {
  const found = anglesOf(state).map((angles) => `${rounded(angles[state.depth])}°`);
  const layers = state.depth === 1 ? "1 layer" : `${state.depth} layers`;
  const nets = NETS.map(({ gain, name }, net) => `${found[net]} with g = ${gain} (${name})`);
  return `After ${layers} two inputs that were ${rounded(state.angle)}° apart are ${nets[0]}, ${nets[1]} and ${nets[2]}.`;
}

const circle = (title) => ({
  title,
  share: 0.25,
  small: 0.5,
  height: 250,
  narrow: 205,
  x: [-1.15, 1.15],
  y: [-1.15, 1.15],
});

const CIRCLES = {
  label: "A circle of inputs in three wide random nets",
  start: { angle: 60, depth: 8 },
  panes: [
    circle("Inputs"),
    ...NETS.map(({ gain, name }) => circle(`g = ${gain}, ${name.replace(" of chaos", "")}`)),
    {
      title: "The angle between the two, layer by layer",
      height: 250,
      narrow: 230,
      x: [0, DEPTH],
      y: [0, 180],
      across: "layer",
      ticks: {
        x: ticks([0, 10, 20, 30]),
        y: ticks([0, 90, 180], (degrees) => `${degrees}°`),
      },
    },
  ],
  grips: [
    {
      label: "Angle between two inputs",
      pane: 0,
      sets: [["angle", 1, 180, 1]],
      at: ({ angle }) => polar(1, angle * RADIANS),
      from: (x, y) => [Math.abs(Math.atan2(y, x)) / RADIANS],
      said: ({ angle }) => `${rounded(angle)} degrees`,
    },
    {
      label: "Depth",
      pane: 4,
      comes: true,
      sets: [["depth", 0, DEPTH, 1]],
      at: ({ depth }) => [depth, 0],
      from: (x) => [Math.round(x)],
      said: ({ depth }) => `layer ${depth}`,
    },
  ],
  paint,
  words: sentence,
};

const render = rendering(CIRCLES);

export default { initialize, render };
