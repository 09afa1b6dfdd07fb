// While the teacher watches a lab, this page says every two seconds how its own run goes, unless its learner stays out.

import { askAsMember } from "./asking.js";
import { labNamed, stem } from "./places.js";

const EVERY_MS = 2000;

export class Glimpses {
  follow(watch, isHidden) {
    const lab = watch?.page === stem && !isHidden ? watch.lab : null;
    if (lab === this.lab) return;
    this.lab = lab;
    clearInterval(this.timer);
    if (lab) this.timer = setInterval(() => this.say(), EVERY_MS);
  }

  async say() {
    const lab = labNamed(this.lab);
    if (!lab || document.visibilityState === "hidden") return;
    const { loss, step, steps, query } = await lab.glimpse();
    const told = `${step} ${query}`;
    if (told === this.told) return;
    this.told = told;
    await askAsMember({ do: "glimpse", loss, step, steps, query }).catch(() => (this.told = null));
  }
}
