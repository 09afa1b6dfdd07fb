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

const PATIENCE_MS = 8000;
const NO_PAGE = "If nothing moves, this lesson is not open on any of your pages: open it, and its run decides.";

export class VoteControl {
  // `onRefusal(sentence)` hears what could not be done; empty when something is asked anew.
  constructor(onRefusal) {
    this.onRefusal = onRefusal;
    this.count = make("span", { className: "tdl-class-count-line" });
    this.stage = make("strong", {});
    this.deeds = make("span", { className: "tdl-class-deeds" });
    const said = make("p", {}, this.stage, " · ", this.count);
    said.setAttribute("role", "status");
    this.hint = make("p", { className: "tdl-class-refusal", role: "alert" });
    this.element = make("div", { className: "tdl-class-control" }, said, this.deeds, this.hint);
  }

  show({ vote, members }) {
    this.vote = vote;
    const second = vote.round > 1 ? ", second round" : "";
    this.stage.textContent = `${SAID[vote.stage]}${second}`;
    const of = vote.stage === "open" ? ` of ${members}` : "";
    this.count.textContent = `${vote.answered}${of} have answered`;
    const key = `${vote.id} ${vote.round} ${vote.stage}`;
    if (key === this.shown) return;
    this.shown = key;
    clearTimeout(this.waiting);
    this.hint.textContent = "";
    if (vote.stage === "deciding") this.waiting = setTimeout(() => (this.hint.textContent = NO_PAGE), PATIENCE_MS);
    const deeds = DEEDS[vote.stage].filter(([deed]) => deed !== "again" || vote.round < 2);
    const held = this.deeds.contains(document.activeElement);
    this.deeds.replaceChildren(
      ...deeds.map(([deed, label], at) => {
        const button = make("button", { type: "button", onclick: () => this.press(deed) }, label);
        button.className = at ? "tdl-class-small" : "tdl-class-button";
        return button;
      }),
    );
    if (held) this.deeds.firstChild?.focus();
  }

  press(deed) {
    const { id, answered } = this.vote;
    const lost = answered === 1 ? "Its answer is deleted" : `Its ${answered} answers are deleted`;
    if (deed === "take_back" && answered && !confirm(`Take the question back? ${lost}.`)) return;
    this.ask({ do: deed, vote: id });
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
