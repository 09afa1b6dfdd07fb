// The presets: a line of situations, the one that is on with its sentence; what has no room is behind "More situations".

import { labButton } from "./button.js";
import { make } from "./dom.js";

const MOST = 5;
const GAP = 6;
// Below this width the line is swiped.
const SWIPED = 560;

export class Situations {
  // `choose(index)` asks for one, `goBack()` for the lanes that a person had made before.
  constructor(element, { choose, goBack }) {
    Object.assign(this, { element, choose, buttons: [], presets: [], on: -1, last: 0, inLine: -1, foldWidth: 0 });
    this.heading = make("span", { className: "tdl-heading" }, "Try");
    this.line = make("div", { className: "tdl-situations" });
    this.name = make("span");
    this.others = make("div", { className: "tdl-situations tdl-others" });
    this.fold = make("details", {}, make("summary", {}, "More situations", this.name), this.others);
    this.sentence = make("p", { className: "tdl-preset-sentence" });
    this.sentence.setAttribute("aria-live", "polite");
    const title = "Your own lanes again, as they were before you chose a preset";
    this.back = labButton("↩ Back to my lanes", title, goBack, "tdl-back-to-own");
    this.said = make("div", { className: "tdl-preset-said" }, this.sentence);
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(element);
  }

  close() {
    this.watch.disconnect();
  }

  build(presets) {
    this.presets = presets;
    this.buttons = presets.map(({ name, sentence }, index) =>
      make(
        "button",
        { type: "button", className: "tdl-button", title: sentence, onclick: () => this.choose(index) },
        name,
      ),
    );
    this.element.replaceChildren(...(presets.length ? [this.heading, this.line, this.fold, this.said] : []));
    this.put(this.buttons.length);
    this.fit();
  }

  put(count) {
    if (count === this.inLine && this.line.childElementCount === count) return;
    this.inLine = count;
    this.line.replaceChildren(...this.buttons.slice(0, count));
    this.others.replaceChildren(...this.buttons.slice(count));
    this.fold.hidden = count === this.buttons.length;
    this.sayOther();
  }

  // As many as have room beside the heading and the fold, and five at most.
  fit() {
    const width = this.element.clientWidth;
    if (!width || !this.buttons.length) return;
    if (width < SWIPED) {
      this.put(this.buttons.length);
      return;
    }
    this.put(this.buttons.length); // to be measured they have to be there
    const widths = this.buttons.map((button) => button.offsetWidth + GAP);
    const fitting = (room) => {
      let [count, used] = [0, 0];
      while (count < Math.min(MOST, widths.length) && used + widths[count] <= room) used += widths[count++];
      return count;
    };
    const room = width - this.heading.offsetWidth - GAP;
    if (fitting(room) === widths.length) return;
    this.fold.hidden = false;
    if (!this.fold.open) this.foldWidth = this.fold.offsetWidth; // open, it has a row of its own
    this.put(Math.max(1, fitting(room - this.foldWidth - GAP)));
  }

  // Which one is on the kernel says. Once a setting is changed none is, and the sentence of the last one goes; its place
  // stays, so that no slider moves away under a finger.
  show(on) {
    this.on = on;
    this.buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(index === on)));
    this.sentence.classList.toggle("tdl-past", on < 0);
    if (on >= 0) {
      this.last = on;
      this.sentence.textContent = this.presets[on].sentence;
    }
    this.sayOther();
  }

  // It goes once it was used: who used it by keys is then at the preset that they had chosen.
  offerBack(yes) {
    const hadFocus = this.back.matches(":focus");
    if (yes) this.said.append(this.back);
    else this.back.remove();
    if (hadFocus && !yes) this.buttons[this.last].focus();
  }

  sayOther() {
    const isOther = this.on >= this.inLine && this.on >= 0;
    this.name.textContent = isOther ? ` · ${this.presets[this.on].name}` : "";
    this.fold.classList.toggle("tdl-on", isOther);
  }
}
