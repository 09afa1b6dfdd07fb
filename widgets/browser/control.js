// One setting's control: the browser's own inputs, with a name and what is allowed.

import { isBeingTyped, make, showText } from "./dom.js";
import { page } from "./page.js";
import { Wishes } from "./wishes.js";

const SLIDER_STEPS = 1000;
const IDLE = "This changes nothing with what is chosen now.";
export const LONGEST_NUMBER = 61;
export const newId = () => `tdl-control-${(page.ids = (page.ids ?? 0) + 1)}`;

// "λ_max" with its index set low.
function symbol(written) {
  const element = make("span", { className: "tdl-symbol" });
  for (const [, base, index] of written.matchAll(/([^_]+?)(?:_(\w+)|(?=$))/g)) {
    element.append(base);
    if (index) element.append(make("sub", {}, index));
  }
  return element;
}

export class Control {
  constructor(field, send) {
    this.field = field;
    this.send = send;
    this.wishes = new Wishes();
    this.isIdle = false;
    this.id = newId();
    this.element = make("div", { className: "tdl-control" });
    this.element.dataset.field = field.name;
    const unit = field.unit ? ` (${field.unit})` : "";
    const label = make("label", { htmlFor: this.id, title: this.help() }, `${field.label}${unit} `);
    label.append(symbol(field.symbol));
    this.element.append(label, ...this.inputs());
  }

  help() {
    const when = this.field.hot ? "May be changed while it runs." : "A change starts the run again.";
    return `${this.field.doc} Allowed: ${this.field.allowed}. ${when}`;
  }

  inputs() {
    const { kind, choices, title } = this.field;
    const common = { id: this.id, title: this.help() };
    if (kind === "choice") {
      this.input = make("select", { ...common, onchange: () => this.send(this.input.value) });
      this.input.append(...choices.map((choice) => make("option", { value: choice }, choice)));
      return [this.input];
    }
    if (kind === "flag") {
      this.input = make("input", { ...common, type: "checkbox", onchange: () => this.send(this.input.checked) });
      return [this.input];
    }
    this.slider = make("input", {
      ...common,
      type: "range",
      ...this.range(),
      oninput: () => this.slid(),
      onchange: () => this.slid(),
    });
    this.text = make("input", {
      type: "text",
      inputMode: "decimal",
      className: "tdl-number",
      "aria-label": `${title}, typed`,
      title: this.help(),
      onchange: () => this.typed(),
    });
    return [this.text, this.slider];
  }

  range() {
    const { scale, slider_low: low, slider_high: high, kind, slider_step: step } = this.field;
    if (scale === "log") return { min: 0, max: SLIDER_STEPS, step: 1 };
    return { min: low, max: high, step: step ?? (kind === "integer" ? 1 : (high - low) / SLIDER_STEPS) };
  }

  toSlider(value) {
    const { scale, slider_low: low, slider_high: high } = this.field;
    if (scale !== "log") return value;
    return (SLIDER_STEPS * Math.log(value / low)) / Math.log(high / low);
  }

  fromSlider(position) {
    const { scale, slider_low: low, slider_high: high, kind } = this.field;
    let value = position;
    if (scale === "log") value = Number((low * (high / low) ** (position / SLIDER_STEPS)).toPrecision(3));
    return kind === "integer" ? Math.round(value) : Number(value.toPrecision(10));
  }

  // `isIdle`: a setting that changes nothing with what is chosen now takes nothing.
  rest(isIdle) {
    if (isIdle === this.isIdle) return;
    this.isIdle = isIdle;
    this.element.classList.toggle("tdl-idle", isIdle);
    this.element.title = isIdle ? IDLE : "";
    for (const input of this.element.querySelectorAll("input, select")) input.disabled = isIdle;
  }

  slid() {
    const value = this.fromSlider(Number(this.slider.value));
    this.write(value);
    this.wishes.add(value);
    this.send(value);
  }

  typed() {
    this.text.defaultValue = this.text.value;
    this.send(this.text.value.slice(0, LONGEST_NUMBER));
  }

  write(value) {
    const shown = String(value);
    showText(this.text, shown);
    const { length } = shown;
    this.text.style.minWidth = length > 8 ? `${1.1 * length + 3}ch` : ""; // no digit is hidden
    this.slider.setAttribute("aria-valuetext", String(value));
  }

  // While a finger is on it or a number is being typed, the control is the person's; `force`: not for the finger, nor
  // for what has not been answered yet.
  show(held, force = false) {
    if (this.field.kind === "choice") this.input.value = held;
    else if (this.field.kind === "flag") this.input.checked = held;
    else this.showNumber(held, force);
  }

  showNumber(held, force) {
    if (force) this.wishes.forget(held);
    else this.wishes.hear(held);
    if (isBeingTyped(this.text) || (!force && this.slider.matches(":active"))) return;
    const { value } = this.wishes;
    this.write(value);
    this.slider.value = this.toSlider(value);
  }
}
