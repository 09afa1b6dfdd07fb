// A lane whose chip is pointed at, or has the focus of the keyboard, is lit in all figures of its lab: the lines of the
// other lanes stand back. A finger lights it for a moment longer than it rests.

import { lightLane, unlight } from "./lighting.js";

const AGAIN_MS = 200;
const AFTER_TOUCH_MS = 1500;

export class LaneLight {
  // `element` holds the chips, in the order of the lanes; `colours()` are those of the lanes.
  constructor(element, colours) {
    Object.assign(this, { element, colours, lane: -1 });
    element.addEventListener("pointerover", ({ target }) => this.turn(this.laneOf(target)));
    element.addEventListener("pointerleave", ({ pointerType }) => this.leave(pointerType === "touch"));
    element.addEventListener(
      "focusin",
      ({ target }) => target.matches(":focus-visible") && this.turn(this.laneOf(target)),
    );
    element.addEventListener("focusout", () => this.turn(-1));
  }

  laneOf(target) {
    return [...this.element.children].indexOf(target.closest(".tdl-chip"));
  }

  leave(late) {
    clearTimeout(this.leaving);
    this.leaving = setTimeout(() => this.turn(-1), late ? AFTER_TOUCH_MS : 0);
  }

  turn(lane) {
    clearTimeout(this.leaving);
    if (lane === this.lane) return;
    clearInterval(this.again);
    this.lane = lane;
    const lab = this.element.closest(".tdl-lab");
    unlight(lab);
    if (lane < 0) return;
    const light = () => (lab.isConnected ? lightLane(lab, lane, this.colours()) : clearInterval(this.again));
    light();
    // A figure that is drawn anew has forgotten it.
    this.again = setInterval(light, AGAIN_MS);
  }
}
