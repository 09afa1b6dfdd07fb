// A phrase that was used may be out of sight where its lab is: a button leads back to it.

import { make } from "./dom.js";

const OFFERED_MS = 60000;

export class WayBack {
  constructor() {
    this.button = make(
      "button",
      { type: "button", className: "tdl-way-back", hidden: true, onclick: () => this.go() },
      "↩ Back to the text",
    );
    document.body.append(this.button);
    this.watch = new IntersectionObserver(([{ isIntersecting }]) => this.turn(isIntersecting));
  }

  // Lead back to a phrase once it is out of sight, until it can be seen again.
  offer(link) {
    this.end();
    this.link = link;
    this.watch.observe(link);
    this.timer = setTimeout(() => this.end(), OFFERED_MS);
  }

  turn(isSeen) {
    if (isSeen && !this.button.hidden) this.end();
    else this.button.hidden = isSeen;
  }

  go() {
    const { link } = this;
    this.end();
    link.scrollIntoView({ block: "center" });
    link.focus({ preventScroll: true });
  }

  end() {
    clearTimeout(this.timer);
    this.watch.disconnect();
    this.button.hidden = true;
  }
}
