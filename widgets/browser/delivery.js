// The browser's end of delivery.py: which messages have come, and what to do about others.

import { kernelOf, tell } from "./telling.js";

const GREET_AGAIN_MS = 5000;
const MOST_GREET_MS = 30000;

export class Delivery {
  // `take(message, buffers)` gets states and frames, in order and without a gap.
  constructor(model, take) {
    Object.assign(this, { model, take, got: 0, drawn: 0, greeted: false });
    this.receive = (message, buffers) => this.arrive(message, buffers);
    this.connected = (_, status) => status === "connected" && this.reconnected();
    this.kernel = kernelOf(model);
    model.on("msg:custom", this.receive);
    this.kernel?.connectionStatusChanged.connect(this.connected);
    this.greet(GREET_AGAIN_MS);
  }

  close() {
    clearTimeout(this.greeting);
    this.kernel?.connectionStatusChanged.disconnect(this.connected);
    this.model.off("msg:custom", this.receive);
  }

  // Ask for everything, and ask again while nothing comes: question or answer may have been lost.
  greet(wait) {
    if (!tell(this.model, { type: "hello", again: wait > GREET_AGAIN_MS })) return;
    this.greeting = setTimeout(() => this.greet(Math.min(2 * wait, MOST_GREET_MS)), wait);
  }

  reconnected() {
    if (this.greeted) this.say();
    else tell(this.model, { type: "hello" });
  }

  say() {
    tell(this.model, { type: "seen", got: this.got, drawn: this.drawn });
  }

  arrive(message, buffers) {
    const { type, n } = message;
    if (type === "probe") {
      this.say();
    } else if (type === "state") {
      clearTimeout(this.greeting);
      Object.assign(this, { greeted: true, missing: false, got: n });
      this.take(message, buffers);
    } else if (type === "frame" && this.greeted) {
      // Frames that come before the first state belong to figures that this view has not seen.
      if (n === this.got + 1) {
        this.got = n;
        this.take(message, buffers);
      } else if (!this.missing) {
        this.missing = true;
        this.say();
      }
    }
  }

  // What is on screen; all that came with it counts, so an acknowledgement that is lost is made up for by the next.
  acknowledge(n) {
    this.drawn = n;
    tell(this.model, { type: "ack", n });
  }
}
