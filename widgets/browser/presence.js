// A view says that it is there, and notices when its kernel says nothing more.

import { KERNEL_GONE, tell, whenGone } from "./telling.js";

const BEAT_MS = 5000;
const SILENT_BEATS = 4;

export class Presence {
  // `waits()` is whether the kernel has something to say, as a lab has that trains; `changed()` is told of trouble.
  constructor(model, waits, changed) {
    Object.assign(this, { model, waits, changed, trouble: "", isGone: false, asked: false, unanswered: 0 });
    this.view = crypto.getRandomValues(new Uint32Array(3)).join("-");
    this.heardAt = performance.now();
    this.hear = () => this.heard();
    model.on("change", this.hear);
    model.on("msg:custom", this.hear);
    this.release = whenGone(model, () => this.gone());
    this.timer = setInterval(() => this.beat(), BEAT_MS);
    this.say("here");
  }

  close() {
    clearInterval(this.timer);
    this.release();
    this.model.off("change", this.hear);
    this.model.off("msg:custom", this.hear);
    if (!this.isGone) this.say("bye");
  }

  say(type) {
    return tell(this.model, { type, view: this.view });
  }

  // A command is on its way: returns whether anybody can hear it.
  command(message) {
    if (!this.asked && !this.waits()) this.heardAt = performance.now(); // until now there was nothing to be said
    this.asked = true;
    if (!this.isGone && !tell(this.model, message)) this.gone();
    return !this.isGone;
  }

  heard() {
    Object.assign(this, { asked: false, unanswered: 0, heardAt: performance.now() });
    this.set("");
  }

  // Beats without an answer are counted, not seconds: a page that was frozen has asked nothing meanwhile.
  beat() {
    if (this.isGone || !(this.asked || this.waits())) return;
    if (!this.say("here")) {
      this.gone();
      return;
    }
    this.unanswered += 1;
    const seconds = Math.round((performance.now() - this.heardAt) / 1000);
    if (this.unanswered > SILENT_BEATS) this.set(`no word from the kernel for ${seconds} s`);
  }

  gone() {
    if (this.isGone) return;
    this.isGone = true;
    clearInterval(this.timer);
    this.trouble = KERNEL_GONE;
    this.changed();
  }

  set(trouble) {
    if (this.isGone || trouble === this.trouble) return;
    this.trouble = trouble;
    this.changed();
  }
}
