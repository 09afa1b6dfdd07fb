// A handle of a drawing: a slider of one or two values, for mouse, finger and keyboard.

import { svg } from "./ink.js";

const KNOB = `<circle r="23" class="tdl-reach"/><circle r="13" class="tdl-ring"/><circle r="7.5" class="tdl-knob"/>`;
const WAYS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1] };
const FAR = { PageDown: -10, PageUp: 10 };

export class Grip {
  // `what`: `label`; `pane`, its number; `sets`, one or two of name, low, high and step, of which the arrow keys change
  // the first across and the last upwards; `at(state)`, where it is in values of the pane; `from(x, y, state)`, what it
  // sets when it is there; `said(state)`, in words. `changed()` is called with each change.
  constructor(what, state, changed) {
    Object.assign(this, { what, state, changed });
    this.element = svg("g");
    this.element.innerHTML = KNOB;
    const [[, low, high]] = what.sets;
    const about = { class: "tdl-grip", role: "slider", tabindex: 0, "aria-label": what.label };
    if (what.sets.length > 1) about["aria-roledescription"] = "two-way slider";
    this.put({ ...about, "aria-valuemin": low, "aria-valuemax": high });
    this.element.addEventListener("keydown", (event) => this.press(event));
    this.element.addEventListener("pointerdown", (event) => this.grasp(event));
    this.element.addEventListener("pointermove", (event) => this.grasped && this.follow(event));
    for (const end of ["pointerup", "pointercancel"]) this.element.addEventListener(end, () => (this.grasped = null));
  }

  put(attributes) {
    for (const [name, value] of Object.entries(attributes)) this.element.setAttribute(name, value);
  }

  set(values) {
    this.what.sets.forEach(([name, low, high], at) => {
      if (Number.isFinite(values[at])) this.state[name] = Number(Math.min(high, Math.max(low, values[at])).toFixed(6));
    });
    this.element.classList.add("tdl-known");
    this.changed();
  }

  // Arrow keys go a step, with Shift and the keys for pages ten, Home and End to the ends.
  press(event) {
    const { sets } = this.what;
    const [which, way] = WAYS[event.key] ?? [0, FAR[event.key] ?? 0];
    const [name, low, high, step] = sets[Math.min(which, sets.length - 1)];
    const values = sets.map(([each]) => this.state[each]);
    const place = sets.findIndex(([each]) => each === name);
    if (way) values[place] += way * step * (event.shiftKey ? 10 : 1);
    else if (event.key === "Home") values[place] = low;
    else if (event.key === "End") values[place] = high;
    else return;
    event.preventDefault();
    this.set(values);
  }

  // A hand takes it: where the knob is under the pointer, it stays so.
  grasp(event, offset = null) {
    if (event.button) return;
    event.preventDefault();
    const [x, y] = this.pointOf(event);
    const [knobX, knobY] = this.pane.point(this.what.at(this.state));
    this.grasped = offset ?? [knobX - x, knobY - y];
    this.element.setPointerCapture(event.pointerId);
    this.element.focus({ preventScroll: true });
    this.follow(event);
  }

  follow(event) {
    const [x, y] = this.pointOf(event);
    this.goTo(x + this.grasped[0], y + this.grasped[1]);
  }

  goTo(x, y) {
    this.set(this.what.from(...this.pane.valuesAt(x, y), this.state));
  }

  // Pixels of the pane.
  pointOf(event) {
    const { left, top } = this.element.ownerSVGElement.getBoundingClientRect();
    return [event.clientX - left - this.pane.left, event.clientY - top - this.pane.top];
  }

  show(pane) {
    this.pane = pane;
    const [x, y] = pane.point(this.what.at(this.state));
    const within = (value, most) => Math.min(most, Math.max(0, value));
    const place = [pane.left + within(x, pane.width), pane.top + within(y, pane.height)];
    const [[name]] = this.what.sets;
    this.put({
      transform: `translate(${place.map((each) => each.toFixed(1)).join(" ")})`,
      "aria-valuenow": Number(this.state[name].toPrecision(4)),
      "aria-valuetext": this.what.said(this.state),
    });
  }
}
