// Lesson 7: three student nodes of two inputs, and where gradient flow takes them.

import { initialize, rendering } from "./drawing.js";
import { arrow, curve, dot, text, ticks, written } from "./ink.js";
import { addedBy, flowFrom, foundBy, lossOf } from "./relu_nodes.js";
import { shade } from "./shading.js";

const TEACHERS = [
  [1.5, 0.35],
  [-0.7, 1.15],
];
const NAMES = ["A", "B"];
const NODES = [1, 2, 3];
const [TIME, STEPS] = [100, 400];
const FLOOR = 1e-5;

const studentsOf = (state) => NODES.map((node) => [state[`x${node}`], state[`y${node}`]]);

function plane(state, pane, path) {
  const zero = pane.point([0, 0]);
  const teachers = TEACHERS.map((teacher, at) => {
    const [x, y] = teacher.map((each) => 1.12 * each);
    const name = text(pane.point([x, y]), NAMES[at], "tdl-name tdl-strong", "middle");
    return arrow(zero, pane.point(teacher), "tdl-line tdl-dashed") + name;
  });
  const students = studentsOf(state).map((node, at) => {
    const way = path.map((nodes) => pane.point(nodes[at]));
    const [x, y] = pane.point(node);
    const name = text([x + 13, y - 9], NODES[at], "tdl-name");
    return curve([zero, [x, y]], "tdl-border") + curve(way, "tdl-vivid") + dot(way.at(-1), 4, "tdl-mark") + name;
  });
  const what = text(
    [8, pane.height - 10],
    `stronger colour: lower loss, with node ${NODES[state.last]} there`,
    "tdl-name",
  );
  return [...teachers, ...students, what].join("");
}

function course(pane, path) {
  const losses = path.map((nodes) => Math.log10(Math.max(FLOOR, lossOf(nodes, TEACHERS))));
  return curve(
    losses.map((loss, step) => pane.point([(step * TIME) / STEPS, loss])),
    "tdl-vivid",
  );
}

const inWords = (nodes) =>
  (nodes.length > 1 ? `nodes ${nodes.join(" and ")}` : `node ${nodes[0]}`).replace("1 and 2 and", "1, 2 and");

// Kept for the sentence: a drawing paints, and then speaks of the same.
const flow = { from: "", path: [] };

function flowOf(state) {
  const students = studentsOf(state);
  const from = String(students);
  if (from !== flow.from) Object.assign(flow, { from, path: flowFrom(students, TEACHERS, TIME, STEPS) });
  return flow.path;
}

function sentence(state) {
  const path = flowOf(state);
  const found = foundBy(path.at(-1), TEACHERS);
  const those = (teacher) => NODES.filter((_, at) => found[at] === teacher);
  const ends = NAMES.map((name, at) => (those(at).length ? `${inWords(those(at))} to ${name}` : `none to ${name}`));
  const rest = those(-1).length ? `, ${inWords(those(-1))} to neither` : "";
  const [first, last] = [path[0], path.at(-1)].map((nodes) => lossOf(nodes, TEACHERS));
  const low = last < FLOOR ? "below 0.00001" : written(last, 2);
  return `Expected loss ${written(first)}. Gradient flow takes ${ends.join(", ")}${rest}, and the loss to ${low}.`;
}

const grips = NODES.map((node) => ({
  label: `Student node ${node}`,
  pane: 0,
  sets: [
    [`x${node}`, -2.2, 2.2, 0.05],
    [`y${node}`, -1.5, 1.7, 0.05],
  ],
  at: (state) => [state[`x${node}`], state[`y${node}`]],
  from: (x, y) => [x, y],
  said: (state) => `weights ${[state[`x${node}`], state[`y${node}`]].map((each) => written(each, 2)).join(" and ")}`,
}));

const STUDENTS = {
  label: "Student nodes and teacher nodes in the plane of their weights",
  start: { x1: 0.8, y1: -0.7, x2: 0.35, y2: 0.5, x3: -0.9, y3: 0.2, last: 0 },
  panes: [
    { title: "Student nodes, teacher nodes (dashes)", share: 0.6, x: [-2.2, 2.2], y: [-1.5, 1.7] },
    {
      title: "Expected loss on the way",
      share: 0.4,
      x: [0, TIME],
      y: [-5, 1],
      across: "time of gradient flow",
      ticks: {
        x: ticks([0, 25, 50, 75, 100]),
        y: [
          [-4, "10⁻⁴"],
          [-2, "10⁻²"],
          [0, "1"],
        ],
      },
    },
  ],
  grips,
  paint: (state, [weights, losses]) => {
    const path = flowOf(state);
    return [plane(state, weights, path), course(losses, path)];
  },
  words: sentence,
  shades: (state, [weights], style, paper) => {
    const others = studentsOf(state).filter((_, at) => at !== state.last);
    const base = lossOf(others, TEACHERS);
    shade(paper, weights, style, (x, y) => Math.exp(-1.6 * (base + addedBy([x, y], others, TEACHERS))));
  },
};

const render = rendering(STUDENTS);

export default { initialize, render };
