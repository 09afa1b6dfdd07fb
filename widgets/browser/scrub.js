// A phrase that is a slider: dragged sideways, or moved with the arrow keys.

import { fieldOf, fragmentOf } from "./acting_link.js";
import { bringNear } from "./bring_near.js";
import { Scale } from "./scrubbing.js";

const OVERDUE_MS = 1500;

export class Scrub {
  // `lab` is its panel; `waits(lab)` says what it waits for.
  constructor(link, lab, { scrub, range }, saying, waits) {
    Object.assign(this, { link, lab, saying, waits, drag: null, wished: null, isOverdue: false });
    this.field = fieldOf(lab.model, scrub);
    this.scale = new Scale(this.field, range);
    link.dataset.act = fragmentOf(link);
    link.dataset.sets = "";
    link.removeAttribute("href"); // a link is no slider
    link.role = "slider";
    link.tabIndex = 0;
    link.ariaLabel = `${link.textContent}: ${this.field.title} in "${lab.model.get("title")}"`;
    link.ariaValueMin = this.scale.low;
    link.ariaValueMax = this.scale.high;
    this.show();
  }

  get place() {
    return this.lab.model.get("selected");
  }

  // What the chosen lane has.
  get held() {
    return this.lab.model.get("lanes")[this.place]?.values[this.field.name];
  }

  // What it has, or has been asked for.
  get value() {
    return this.wished ?? this.held;
  }

  get words() {
    return `${this.field.symbol || this.field.label} = ${this.value}`;
  }

  show() {
    if (this.wished !== null && this.held === this.wished) this.forget();
    this.link.ariaValueNow = this.value;
    this.link.ariaValueText = this.words;
  }

  forget() {
    clearTimeout(this.timer);
    if (this.isOverdue) this.saying.hide();
    Object.assign(this, { wished: null, isOverdue: false });
  }

  begin({ clientX, pointerId }) {
    this.link.setPointerCapture(pointerId);
    this.link.focus({ preventScroll: true });
    bringNear(this.link, this.lab.element.closest(".tdl-lab"), true);
    this.drag = { from: this.value, x: clientX };
    this.saying.write(this.link, `${this.words}: drag it sideways, or use the arrow keys`);
  }

  move({ clientX }) {
    if (this.drag) this.give(this.scale.dragged(this.drag.from, clientX - this.drag.x));
  }

  end() {
    this.drag = null;
  }

  // Whether the key was one of a slider's.
  press(key) {
    const value = this.scale.pressed(this.value, key);
    if (value === null) return false;
    bringNear(this.link, this.lab.element.closest(".tdl-lab"), true);
    this.give(value);
    return true;
  }

  give(value) {
    if (value === this.value) return;
    clearTimeout(this.timer);
    this.wished = value;
    this.lab.sendSoon("set", { field: this.field.name, value, lane: this.place });
    this.timer = setTimeout(() => {
      this.isOverdue = true;
      this.saying.say(this.link, this.waits(this.lab));
    }, OVERDUE_MS);
    this.saying.write(this.link, this.words);
    this.show();
  }

  refused(text) {
    if (this.wished === null) return;
    this.forget();
    this.show();
    this.saying.say(this.link, text);
  }
}
