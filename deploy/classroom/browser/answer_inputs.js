// How a member answers: a number, one of some sentences, or a curve drawn by hand. Each has an element, a value (null
// if there is none yet), and shows one that was given before.

import { make } from "../../../widgets/browser/dom.js";
import { Axis, Plot, redrawn } from "./plot.js";

const LONGEST_NUMBER = 60;
const FINE = 0.02;

function numberInput({ low, high, step, unit }, before) {
  const slider = make("input", { type: "range", min: low, max: high, step, className: "tdl-class-slider" });
  slider.setAttribute("aria-label", "Your answer, as a slider");
  const box = make("input", { type: "text", inputMode: "decimal", maxLength: LONGEST_NUMBER });
  const label = make("label", {}, `Your answer${unit.trim() ? ` (${unit.trim()})` : ""} `, box);
  slider.addEventListener("input", () => (box.value = slider.value));
  box.addEventListener("input", () => Number.isFinite(Number(box.value)) && box.value && (slider.value = box.value));
  if (before !== undefined) slider.value = box.value = before;
  else slider.value = (low + high) / 2;
  const ends = make(
    "div",
    { className: "tdl-class-ends" },
    make("span", {}, String(low)),
    make("span", {}, String(high)),
  );
  const element = make("div", { className: "tdl-class-number" }, label, slider, ends);
  return { element, value: () => box.value.trim() || null };
}

let choices = 0;

function choiceInput({ options, prompt }, before) {
  choices += 1;
  const inputs = options.map((_, at) =>
    make("input", { type: "radio", name: `tdl-class-${choices}`, checked: at === before }),
  );
  const rows = options.map((option, at) => make("label", {}, inputs[at], make("span", {}, option)));
  const legend = make("legend", { className: "tdl-class-unseen" }, prompt);
  const chosen = () => inputs.findIndex((input) => input.checked);
  return {
    element: make("fieldset", {}, legend, ...rows),
    value: () => (chosen() < 0 ? null : chosen()),
  };
}

function sketchInput({ axes, x }, before) {
  const heights = before ? [...before] : x.map(() => null);
  const place = make("div", { className: "tdl-class-sketch", tabIndex: 0 });
  place.setAttribute("role", "application");
  place.setAttribute(
    "aria-label",
    `Draw your curve of ${axes.y.title} over ${axes.x.title}: arrow keys up and down move its height, left and right move along`,
  );
  const [xAxis, yAxis] = [new Axis(axes.x), new Axis(axes.y)];
  let plot = null;
  let column = 0;
  let last = null;
  const draw = () => {
    plot = new Plot(place, xAxis, yAxis, "Your curve");
    plot.line(x, heights, "tdl-class-mine");
    if (heights[column] !== null && document.activeElement === place)
      plot.add("circle", { class: "tdl-class-here", cx: plot.x(x[column]), cy: plot.y(heights[column]), r: 5 });
  };
  const stroke = (event) => {
    const [across, up] = plot.sharesAt(event);
    const now = Math.round(across * (x.length - 1));
    const [from, start] = last ?? [now, up];
    const steps = Math.abs(now - from);
    for (let i = 0; i <= steps; i += 1) {
      const share = steps ? i / steps : 1;
      heights[from + Math.sign(now - from) * i] = yAxis.valueAt(start + share * (up - start));
    }
    last = [now, up];
    column = now;
    draw();
  };
  place.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    place.setPointerCapture(event.pointerId);
    place.focus({ preventScroll: true });
    last = null;
    stroke(event);
  });
  place.addEventListener("pointermove", (event) => place.hasPointerCapture(event.pointerId) && stroke(event));
  place.addEventListener("keydown", (event) => {
    const [right, up] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [
      0, 0,
    ];
    if (!right && !up) return;
    event.preventDefault();
    const share = heights[column] === null ? 0.5 : yAxis.place(heights[column]);
    heights[column] = yAxis.valueAt(Math.min(Math.max(share + up * FINE, 0), 1));
    const next = Math.min(Math.max(column + right, 0), x.length - 1);
    heights[next] ??= heights[column];
    column = next;
    draw();
  });
  for (const type of ["focus", "blur"]) place.addEventListener(type, () => plot && draw());
  redrawn(place, draw);
  const words = "Draw your curve, from the left edge to the right, with a finger, the mouse or the arrow keys.";
  const clear = make(
    "button",
    { type: "button", className: "tdl-class-small", onclick: () => (heights.fill(null), draw()) },
    "Start over",
  );
  return {
    element: make("div", {}, make("p", {}, words), place, clear),
    value: () => (heights.every((height) => height === null) ? null : heights),
  };
}

export const INPUTS = { number: numberInput, choice: choiceInput, sketch: sketchInput };
