// Between the recorded labs of a page and a kernel: one is asked for when a person is about to go beyond what is
// recorded, takes over lab by lab, and when it has gone the recorded runs are there again.

import { LiveLesson } from "./live_lesson.js";
import { takeOver } from "./taken_over.js";

const COMES = "recorded run; a kernel is on its way";
const GONE =
  "The kernel of this page has ended: nobody used it for long, or it was needed elsewhere. The recorded run is here again; a change takes a new kernel.";

export class Handover {
  // `address` is of the lesson as the server makes it with a kernel.
  constructor(address) {
    Object.assign(this, { address, lesson: null, live: new Map() });
  }

  // A kernel may be needed in a moment.
  prepare() {
    if (this.lesson) return;
    const lesson = new LiveLesson(this.address);
    this.lesson = lesson;
    lesson.opened.catch(() => (this.lesson = null)); // the next one who needs it tries again
    lesson.ended.catch(() => this.giveBack(lesson));
  }

  // No record covers what a person does with a part of a lab: the kernel does it, once it has taken over. Of what is
  // asked for meanwhile the last of each kind counts.
  take(lab, place, part, message) {
    this.prepare();
    const transfer = this.live.get(lab) ?? this.begin(lab, place);
    const key = `${part} ${message.do ?? message.type} ${message.field ?? ""} ${message.lane ?? ""}`;
    transfer.delete(key);
    transfer.set(key, { part, message });
  }

  begin(lab, place) {
    const transfer = new Map();
    this.live.set(lab, transfer);
    lab.call(COMES);
    takeOver(lab, this.lesson, place, () => [...transfer.values()].map(({ message }) => message)).then(
      () => transfer.forEach(({ part, message }) => lab.models()[part].receive(message)),
      (error) => {
        this.live.delete(lab);
        const [{ message }] = [...transfer.values()].slice(-1);
        lab.recover(`No kernel can take over: ${error.message}.`, message.field);
      },
    );
    return transfer;
  }

  giveBack(lesson) {
    if (this.lesson === lesson) this.lesson = null;
    this.live.forEach((_, lab) => lab.comeBack(GONE));
    this.live.clear();
  }
}
