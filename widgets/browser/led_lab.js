// A lab as one sees it who leads the page: it gives its run as a link, opens another's, and can be held.

import { present } from "./presented.js";

// Commands that let a run move.
export const MOVES = new Set(["play", "step"]);
const LINK_MS = 60000; // a kernel may have to come first

export class LedLab {
  constructor(panel, model) {
    Object.assign(this, { kind: "lab", panel, element: panel.element, wanted: null });
    this.name = model.get("options").name;
    this.title = model.get("title");
    this.close = present(this);
  }

  hold(sentence) {
    if ((this.sentence ?? "") === sentence) return;
    this.sentence = sentence;
    this.panel.hold(sentence);
  }

  pause() {
    if (this.panel.running) this.panel.command("pause");
  }

  // The query of a link to the run as it is now.
  link() {
    return new Promise((resolve, reject) => {
      this.wanted?.reject(new Error("It was asked for again."));
      this.wanted = { resolve, reject };
      setTimeout(() => reject(new Error("The lab did not answer; press Play once, then try again.")), LINK_MS);
      this.panel.command("share");
    });
  }

  // Returns whether a link was waited for here; else the person who pressed "Copy link" gets it.
  take({ query }) {
    const { wanted } = this;
    this.wanted = null;
    wanted?.resolve(query);
    return wanted !== null;
  }

  // Opens what a link holds, as if the page had been opened with it.
  open(query) {
    this.panel.command("open_link", { search: `?${query}` });
  }
}
