// The settings of the chosen lane: those that matter first, all others in a fold that says what is set in it.

import { Control } from "./control.js";
import { make } from "./dom.js";

const MOST_SAID = 3;

export class SettingsShown {
  // `send(field, value)` sets one of them.
  constructor(element, send) {
    Object.assign(this, { element, send, controls: [] });
  }

  build(fields) {
    this.controls = fields.map((field) => new Control(field, (value) => this.send(field.name, value)));
    const elements = (folded) =>
      this.controls.filter(({ field }) => field.folded === folded).map((control) => control.element);
    const [first, more] = [elements(false), elements(true)];
    this.said = make("span", { className: "tdl-said" });
    this.fold = make("details", { className: "tdl-more" }, make("summary", {}, "All settings", this.said));
    this.fold.append(make("div", { className: "tdl-controls" }, ...more));
    this.element.replaceChildren(...first, ...(more.length ? [this.fold] : []));
  }

  named(name) {
    return this.controls.find(({ field }) => field.name === name);
  }

  // `force`: the setting that gives way though a finger is on its slider; true for all.
  show({ values, idle = [] }, force = false) {
    for (const control of this.controls) {
      const { name } = control.field;
      control.show(values[name], force === true || force === name);
      control.rest(idle.includes(name));
    }
    const others = this.controls
      .map(({ field }) => field)
      .filter((field) => field.folded && !idle.includes(field.name) && values[field.name] !== field.default);
    const words = others.map((field) => `${field.label} ${inWords(values[field.name])}`);
    const left = words.length - MOST_SAID;
    this.said.textContent = words.length
      ? ` · ${words.slice(0, MOST_SAID).join(" · ")}${left > 0 ? ` · ${left} more` : ""}`
      : "";
    this.said.title = words.join(", ");
  }
}

const inWords = (value) => (typeof value === "boolean" ? (value ? "on" : "off") : String(value));
