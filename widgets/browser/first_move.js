// The first minute of a lab: the control to touch first glows until somebody has touched it, and a lab that comes into
// view makes a part of its run by itself.

import { keep, kept } from "./kept.js";

const TOUCHED = "tdl-touched";
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const SEEN_MS = 600;
// A quarter of the run: something has happened, and how it ends is still to be guessed.
const SHARE = 4;

// `name` is the lab's.
export function glow(element, name) {
  if (kept(TOUCHED).includes(name)) return;
  element.classList.add("tdl-first-move");
  const done = () => {
    element.classList.remove("tdl-first-move");
    keep(TOUCHED, name);
  };
  for (const type of ["pointerdown", "input", "change"]) element.addEventListener(type, done, { once: true });
}

export class Opening {
  // `run()` is how far the lab is, `isTouched()` whether anybody has done something with it, `move(step)` goes there.
  constructor(element, { run, isTouched, move }) {
    Object.assign(this, { element, run, isTouched, move, timer: 0 });
    if (STILL.matches) return;
    this.watch = new IntersectionObserver(
      (entries) => (entries.at(-1).isIntersecting ? this.wait() : clearTimeout(this.timer)),
      { threshold: 0.5 },
    );
    this.watch.observe(element);
  }

  close() {
    clearTimeout(this.timer);
    this.watch?.disconnect();
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), SEEN_MS);
  }

  // Once its figures are drawn, and while no other lab of the page runs.
  look() {
    const { state, step, steps } = this.run();
    const isDrawn = this.element.closest(".tdl-lab")?.querySelector(".tdl-plot .main-svg");
    if (this.isTouched() || step > 0) this.close();
    else if (state !== "idle" || !isDrawn || document.querySelector('.tdl-panel[data-state="running"]')) this.wait();
    else {
      this.close();
      this.move(Math.ceil(steps / SHARE));
    }
  }
}
