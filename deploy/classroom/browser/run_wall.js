// The wall of running labs: a small curve a learner, without names; a press opens the same run in the teacher's lab.

import { make } from "../../../widgets/browser/dom.js";
import { shape } from "./plot.js";

const [WIDTH, HEIGHT, EDGE] = [150, 70, 4];

// Curves with one scale, so that they can be compared: powers of ten of the loss.
function scaleOf(runs) {
  const heights = runs.flatMap(({ loss }) => loss.filter((value) => value > 0).map(Math.log10));
  const [low, high] = heights.length ? [Math.min(...heights), Math.max(...heights)] : [0, 1];
  return (value) => EDGE + (HEIGHT - 2 * EDGE) * (1 - (Math.log10(value) - low) / Math.max(high - low, 1e-6));
}

function curve({ loss, step, steps }, y) {
  const right = EDGE + ((WIDTH - 2 * EDGE) * step) / Math.max(steps, 1);
  const x = (at) => EDGE + ((right - EDGE) * at) / Math.max(loss.length - 1, 1);
  let path = "";
  loss.forEach((value, at) => {
    if (value > 0) path += `${path && loss[at - 1] > 0 ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
  });
  const line = shape("path", { class: "tdl-class-line tdl-class-median", d: path });
  return shape("svg", { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" }, line);
}

export class RunWall {
  // `open(query)` opens a run.
  constructor(open) {
    this.said = make("p", { role: "status" });
    this.list = make("ul", { className: "tdl-class-wall" });
    this.element = make("div", { className: "tdl-class tdl-class-figures" }, this.said, this.list);
    this.open = open;
    this.show([]);
  }

  show(runs) {
    const words = runs.length
      ? `${runs.length} ${runs.length === 1 ? "run" : "runs"} of the class: loss, each as far as it has come. A press opens a run in this lab.`
      : "As soon as learners play this lab, their runs appear here, without names.";
    if (this.said.textContent !== words) this.said.textContent = words;
    const y = scaleOf(runs);
    // Buttons stay, so that one that has the focus keeps it.
    while (this.list.children.length > runs.length) this.list.lastChild.remove();
    runs.forEach((run, at) => {
      const button = this.list.children[at]?.firstChild ?? this.add();
      button.run = run;
      button.disabled = !run.query;
      button.setAttribute("aria-label", `Open run ${at + 1} of the class, at step ${run.step} of ${run.steps}`);
      button.replaceChildren(curve(run, y));
    });
  }

  add() {
    const button = make("button", { type: "button", onclick: () => this.open(button.run.query) });
    this.list.append(make("li", {}, button));
    return button;
  }
}
