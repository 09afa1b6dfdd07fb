// A phrase that is a slider: dragged sideways, or moved with the arrow keys.

import { fieldOf, fragmentOf } from "./acting_link.js";
import { bringNear } from "./bring_near.js";
import { Scale } from "./scrubbing.js";
import { Wishes } from "./wishes.js";

const OVERDUE_MS = 1500;

export class Scrub {
  // `lab` is its panel; `waits(lab)` says what it waits for.
  constructor(link, lab, { scrub, range }, saying, waits) {
    Object.assign(this, { link, lab, saying, waits, drag: null, isOverdue: false });
    this.field = fieldOf(lab.model, scrub);
    this.wishes = new Wishes(this.held);
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
    return this.wishes.value;
  }

  get words() {
    return `${this.field.symbol || this.field.label} = ${this.value}`;
  }

  show() {
    this.wishes.hear(this.held);
    if (!this.wishes.pending) this.rest();
    this.link.ariaValueNow = this.value;
    this.link.ariaValueText = this.words;
  }

  // There is nothing to wait for.
  rest() {
    clearTimeout(this.timer);
    if (this.isOverdue) this.saying.hide();
    this.isOverdue = false;
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
    this.wishes.add(value);
    this.lab.sendSoon("set", { field: this.field.name, value, lane: this.place });
    this.timer = setTimeout(() => this.lookAgain(), OVERDUE_MS);
    this.saying.write(this.link, this.words);
    this.show();
  }

  // A lab that was asked for what it has says nothing.
  lookAgain() {
    if (this.held === this.value) {
      this.wishes.forget(this.held);
      return;
    }
    this.isOverdue = true;
    this.saying.say(this.link, this.waits(this.lab));
  }

  refused(text) {
    if (!this.wishes.pending) return;
    this.wishes.forget(this.held);
    this.show();
    this.saying.say(this.link, text);
  }
}
