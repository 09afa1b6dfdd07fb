// What is said to a person who acts on a lab from a line of text: aloud, and beside the phrase that was used.

import { make } from "./dom.js";

const LEAST_MS = 3000;
const MS_A_SIGN = 60;
const BESIDE = 8;

export class Saying {
  constructor() {
    this.words = make("div", { className: "tdl-unseen", role: "status" });
    this.bubble = make("div", { className: "tdl-bubble", hidden: true });
    this.bubble.setAttribute("aria-hidden", "true");
    document.body.append(this.words, this.bubble);
    for (const event of ["scroll", "resize"]) window.addEventListener(event, () => this.place(), true);
    window.addEventListener("keydown", (event) => event.key === "Escape" && this.hide());
  }

  // To those who do not see what has changed.
  tell(text) {
    this.words.textContent = text;
  }

  // To everybody, for as long as it takes to read.
  say(link, text) {
    this.tell(text);
    this.write(link, text);
  }

  // Beside the phrase alone.
  write(link, text) {
    clearTimeout(this.timer);
    this.link = link;
    this.bubble.textContent = text;
    this.bubble.hidden = !link?.isConnected;
    this.place();
    this.timer = setTimeout(() => this.hide(), LEAST_MS + MS_A_SIGN * text.length);
  }

  hide() {
    clearTimeout(this.timer);
    this.bubble.hidden = true;
  }

  place() {
    if (this.bubble.hidden) return;
    const [first] = this.link.getClientRects();
    if (!first) {
      this.hide();
      return;
    }
    const { offsetWidth: width, offsetHeight: height } = this.bubble;
    const isBelow = first.bottom + BESIDE + height < innerHeight;
    const top = isBelow ? first.bottom + BESIDE : first.top - BESIDE - height;
    // Where the phrase is out of sight, at the edge of the window.
    this.bubble.style.left = `${Math.max(BESIDE, Math.min(first.left, innerWidth - width - BESIDE))}px`;
    this.bubble.style.top = `${Math.max(BESIDE, Math.min(top, innerHeight - height - BESIDE))}px`;
  }
}
