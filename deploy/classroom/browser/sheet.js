// The bar at the bottom of a lesson's page: a line that is always there, and what unfolds above it.

import { make } from "../../../widgets/browser/dom.js";

export class Sheet {
  closedWords = "Unfold";

  constructor(label) {
    this.line = make("div", { className: "tdl-class-row" });
    this.body = make("div", { className: "tdl-class-body" });
    this.fold = make("button", {
      type: "button",
      className: "tdl-class-small",
      onclick: () => this.open(this.body.hidden),
    });
    this.told = make("p", { className: "tdl-class-told", role: "status" });
    this.refused = make("p", { className: "tdl-class-refusal", role: "alert" });
    this.element = make(
      "aside",
      { className: "tdl-class tdl-class-sheet" },
      this.body,
      this.told,
      this.refused,
      this.line,
    );
    this.element.setAttribute("aria-label", label);
    document.body.append(this.element);
    document.body.classList.add("tdl-has-class");
    this.open(false);
    // What is fixed to the bottom of a lesson's page stands above the line.
    new ResizeObserver(() =>
      document.body.style.setProperty("--class-bar", `${this.line.offsetHeight + this.told.offsetHeight + 20}px`),
    ).observe(this.element);
    this.element.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape" || this.body.hidden) return;
      this.open(false);
      this.fold.focus();
    });
  }

  open(isOpen) {
    this.body.hidden = !isOpen;
    this.fold.textContent = isOpen ? "Fold" : this.closedWords;
    this.fold.setAttribute("aria-expanded", String(isOpen));
  }

  // What unfolds it says what there is; `isUrgent` if somebody waits for it.
  invite(words, isUrgent) {
    this.closedWords = words;
    this.fold.className = isUrgent ? "tdl-class-button" : "tdl-class-small";
    this.open(!this.body.hidden);
  }

  say(sentence) {
    this.refused.textContent = "";
    this.told.textContent = sentence;
  }

  refuse(sentence) {
    this.told.textContent = "";
    this.refused.textContent = sentence;
  }

  close(words) {
    this.line.replaceChildren(words);
    this.body.replaceChildren();
    this.open(false);
  }
}
