// Lesson 5: weights in front of a normalization are multiplied by c.

import { initialize, rendering } from "./drawing.js";
import { arrow, curve, dot, sampled, text, ticks, written } from "./ink.js";
import { gradientAt, polar, turnOf } from "./scale_free.js";
import { shade } from "./shading.js";

// The loss 1 - cos of the angle to the best direction, which is the first axis; its gradient at |w| = 1 is the sine.
const ANGLE = (55 * Math.PI) / 180;
const G = Math.sin(ANGLE);
const ETA = 0.5;
const DEGREES = 180 / Math.PI;
const [LOW, HIGH] = [0.4, 3];

function plane({ c }, pane) {
  const ray = (angle) => curve([pane.point([0, 0]), pane.point(polar(9, angle))], "tdl-border");
  const turned = ANGLE - turnOf(c, G, ETA);
  const [x, y] = polar(c, ANGLE);
  const [across, up] = polar(ETA * gradientAt(c, G), ANGLE - Math.PI / 2);
  const arc = sampled((angle) => pane.point(polar(0.5, angle)), turned, ANGLE, 24);
  const nameAt = (point, name, anchor) => text(pane.point(point), name, "tdl-name", anchor);
  const [middleX, middleY] = polar(0.58, (ANGLE + turned) / 2);
  return [
    curve([pane.point([0, 0]), pane.point([9, 0])], "tdl-dashes"),
    ray(ANGLE),
    ray(turned),
    curve(arc, "tdl-line"),
    curve([pane.point([0, 0]), pane.point([x, y])], "tdl-line"),
    arrow(pane.point([x, y]), pane.point([x + across, y + up]), "tdl-vivid"),
    nameAt([middleX, middleY], `${written((ANGLE - turned) * DEGREES, 2)}°`, "start"),
    nameAt([x - 0.12, y + 0.1], "weights", "end"),
    nameAt([x + across + 0.08, y + up - 0.04], "one step", "start"),
    nameAt([3.3, 0.06], "best direction", "end"),
  ].join("");
}

// Name, function, looks, and where the name stands.
const LINES = [
  ["outputs", () => 1, "tdl-line", "tdl-spot", HIGH, 1.13, "end"],
  ["gradient, 1/c", (c) => 1 / c, "tdl-line", "tdl-spot", HIGH, 0.74, "end"],
  ["effective learning rate, 1/c²", (c) => 1 / c ** 2, "tdl-vivid", "tdl-mark", 0.44, 5.2, "start"],
];

function powers({ c }, pane) {
  const at = (x, of) => pane.point([Math.log10(x), Math.log10(of(x))]);
  // Up to the highest dot: beyond it the line would strike a name.
  const now = curve([at(c, () => 0.01), at(c, (x) => Math.max(1, 1 / x ** 2))], "tdl-dashes");
  const lines = LINES.map(([name, of, kind, spot, labelAt, level, anchor]) => {
    const [x, y] = at(labelAt, () => level);
    const label = text([x + (anchor === "end" ? -4 : 8), y], name, "tdl-name", anchor);
    return curve([at(LOW, of), at(HIGH, of)], kind) + dot(at(c, of), 4, spot) + label;
  });
  return now + lines.join("");
}

function words({ c }) {
  const [turn, before] = [c, 1].map((norm) => written(turnOf(norm, G, ETA) * DEGREES, 2));
  return (
    `Weights × ${c.toFixed(2)}: the outputs stay as they are, the gradient is ${written(1 / c)} times as long, and the ` +
    `effective learning rate is ${written(1 / c ** 2)} η. One step turns the weights by ${turn}°, at c = 1 by ${before}°.`
  );
}

const decades = (values) => ticks(values, undefined, Math.log10);

const SCALE = {
  label: "Weights in front of a normalization, multiplied by c",
  start: { c: 0.8 },
  panes: [
    { title: "The stronger the colour, the lower the loss", share: 0.5, x: [-0.2, 3.4], y: [-0.15, 2.6] },
    {
      title: "What the factor changes",
      share: 0.5,
      x: [LOW, HIGH].map(Math.log10),
      y: [0.09, 8].map(Math.log10),
      across: "factor c on the weights",
      up: "beside c = 1",
      ticks: { x: decades([0.5, 1, 2, 3]), y: decades([0.1, 0.25, 1, 4]) },
    },
  ],
  grips: [
    {
      label: "Factor on the weights",
      pane: 0,
      sets: [["c", LOW, HIGH, 0.05]],
      at: ({ c }) => polar(c, ANGLE),
      from: (x, y) => [x * Math.cos(ANGLE) + y * Math.sin(ANGLE)],
      said: ({ c }) => `weights × ${c.toFixed(2)}, effective learning rate ${written(1 / c ** 2)} η`,
    },
  ],
  paint: (state, [weights, lines]) => [plane(state, weights), powers(state, lines)],
  words,
  shades: (_, [weights], style, paper) => shade(paper, weights, style, (x, y) => (0.5 + x / Math.hypot(x, y) / 2) ** 2),
};

const render = rendering(SCALE);

export default { initialize, render };
