// The bar at the bottom of a lesson's page: a line that is always there, and what unfolds above it.

import { make } from "../../../widgets/browser/dom.js";

export class Sheet {
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
  }

  open(isOpen) {
    this.body.hidden = !isOpen;
    this.fold.textContent = isOpen ? "Fold" : "Unfold";
    this.fold.setAttribute("aria-expanded", String(isOpen));
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
