// What a teacher does with the class's question, wherever it is shown: on the own page, and under the question itself.

import { make } from "../../../widgets/browser/dom.js";
import { askAsTeacher } from "./asking.js";

// Of each stage: what may be done, with words for it; the first is what comes next as a rule.
const DEEDS = {
  open: [
    ["close", "Close the vote"],
    ["decide", "Let the run decide"],
    ["take_back", "Take it back"],
  ],
  closed: [
    ["again", "Vote again"],
    ["decide", "Let the run decide"],
    ["take_back", "Take it back"],
  ],
  deciding: [["undecided", "Do not let it decide"]],
  revealed: [],
};
const SAID = {
  open: "The vote is open",
  closed: "The vote is closed",
  deciding: "The run decides",
  revealed: "Decided by the run",
};

export class VoteControl {
  // `onRefusal(sentence)` hears what could not be done; empty when something is asked anew.
  constructor(onRefusal) {
    this.onRefusal = onRefusal;
    this.count = make("span", { className: "tdl-class-count-line" });
    this.stage = make("strong", {});
    this.deeds = make("span", { className: "tdl-class-deeds" });
    const said = make("p", {}, this.stage, " · ", this.count);
    said.setAttribute("role", "status");
    this.element = make("div", { className: "tdl-class-control" }, said, this.deeds);
  }

  show({ vote, members }) {
    const second = vote.round > 1 ? ", second round" : "";
    this.stage.textContent = `${SAID[vote.stage]}${second}`;
    this.count.textContent = `${vote.answered} of ${members} have answered`;
    const key = `${vote.id} ${vote.round} ${vote.stage}`;
    if (key === this.shown) return;
    this.shown = key;
    const deeds = DEEDS[vote.stage].filter(([deed]) => deed !== "again" || vote.round < 2);
    const held = this.deeds.contains(document.activeElement);
    this.deeds.replaceChildren(
      ...deeds.map(([deed, label], at) => {
        const button = make("button", { type: "button", onclick: () => this.ask({ do: deed, vote: vote.id }) }, label);
        button.className = at ? "tdl-class-small" : "tdl-class-button";
        return button;
      }),
    );
    if (held) this.deeds.firstChild?.focus();
  }

  async ask(content) {
    this.onRefusal("");
    try {
      await askAsTeacher(content);
    } catch (refusal) {
      this.onRefusal(refusal.message);
    }
  }
}
