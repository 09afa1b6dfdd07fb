// The settings of a class, trained as lanes of one run: a curve a setting, and how low each came.

import { make } from "../../../widgets/browser/dom.js";
import { Axis, Plot } from "./plot.js";

const LOWEST = 1e-12;
const ROOM = 0.06; // of an axis beyond what is drawn

const powers = (values) => values.filter((value) => value !== null && value > LOWEST).map(Math.log10);

function around(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max((high - low) * ROOM, 1e-3);
  return [low - room, high + room];
}

export class ClassCloud {
  constructor() {
    this.said = make("p", { role: "status" });
    this.curves = make("div", { className: "tdl-class-place" });
    this.ends = make("div", { className: "tdl-class-place" });
    const figure = (words, place) => make("figure", {}, make("figcaption", {}, words), place);
    const figures = make(
      "div",
      { className: "tdl-class-rounds" },
      figure("The class's runs: loss, a curve a setting", this.curves),
      figure("How low each came", this.ends),
    );
    this.element = make("div", { className: "tdl-class tdl-class-figures" }, this.said, figures);
  }

  show({ steps, x, loss, counts, ends, unusable, setting, failed }) {
    const learners = counts.reduce((sum, count) => sum + count, 0);
    const lost = ends.filter((end) => end !== null).length;
    const words = [`${learners} learners, ${loss.length} different settings: step ${x.at(-1)} of ${steps}`];
    if (lost) words.push(`${lost} have diverged`);
    if (unusable) words.push(`${unusable} could not be used`);
    if (failed) words.push("the run has stopped with an error");
    this.said.textContent = `${words.join("; ")}.`;
    const heights = powers(loss.flat());
    if (!heights.length) return;
    const yAxis = new Axis({ title: "loss", log: true, range: around(heights) });
    const plot = new Plot(this.curves, new Axis({ title: "step", range: [0, steps] }), yAxis, words.join("; "), 280);
    for (const curve of loss) plot.line(x, curve, "tdl-class-thin");
    if (setting) this.showEnds(setting, loss, counts, yAxis);
  }

  // A setting that diverged has no dot, but a cross at the top.
  showEnds({ label, log, values }, loss, counts, yAxis) {
    const scaled = log ? values.map(Math.log10) : values;
    const words = `Loss at the newest step over ${label}, a mark a setting`;
    const plot = new Plot(this.ends, new Axis({ title: label, log, range: around(scaled) }), yAxis, words, 280);
    values.forEach((value, at) => {
      const last = loss[at].at(-1);
      const [cx, cy] = [plot.x(value), last === null ? plot.y(Infinity) : plot.y(last)];
      const many = counts[at] > 1 ? `, ${counts[at]} learners` : "";
      if (last === null)
        plot.add("text", { class: "tdl-class-said tdl-class-own", x: cx, y: cy + 12, "text-anchor": "middle" }, "✕");
      else
        plot.add(
          "circle",
          { class: "tdl-class-dot", cx, cy, r: 3 + Math.sqrt(counts[at]) },
          shapeTitle(`${label} ${value}${many}`),
        );
    });
  }
}

function shapeTitle(words) {
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  title.textContent = words;
  return title;
}
