// The class's question as a learner sees it: the vote, how many have answered, and what the run has decided.

import { make } from "../../../widgets/browser/dom.js";
import { judged } from "../../../widgets/browser/verdict.js";
import { INPUTS } from "./answer_inputs.js";
import { spread } from "./spread.js";
import { sendAnswer, unsent } from "./unsent.js";

const RETRY_MS = 3000;
const GRADES = { right: "✓ Right", close: "≈ Close", off: "✗ Not yet" };
const NOTHING = "Nothing is asked right now. The question appears here as soon as your teacher asks one.";

export const FROZEN = "Your teacher has stopped all pages for a moment: look to the front.";

const lastAnswer = ({ round }, answers) => {
  for (let number = round; number > 0; number -= 1) if (answers[number] !== undefined) return answers[number];
  return undefined;
};

const saidAs = ({ kind, options, unit }, given) =>
  kind === "choice" ? `“${options[given]}”` : kind === "number" ? `${given}${unit}` : "your curve";

export class VoteCard {
  // `onOwn(you)` hears what the server has answered to this member.
  constructor(onOwn) {
    this.onOwn = onOwn;
    this.element = make("section", { className: "tdl-class-card" });
    this.element.setAttribute("aria-label", "The class's question");
    this.body = make("div");
    this.count = make("p", { className: "tdl-class-count-line" });
    // What changes is said once, in words, and not with each answer that comes in.
    this.news = make("p", { className: "tdl-class-news", role: "status" });
    this.element.append(this.news, this.body, this.count);
    this.shown = null;
  }

  show({ class: seen, you }) {
    const { vote } = seen;
    this.vote = vote;
    this.you = you;
    const isFrozen = seen.pace === "frozen" && vote?.stage !== "open";
    const key = isFrozen ? "frozen" : vote ? `${vote.id} ${vote.round} ${vote.stage}` : "none";
    if (key !== this.shown) {
      this.shown = key;
      if (isFrozen) this.freeze();
      else this.build();
      this.trySendingAgain();
    }
    if (vote?.stage === "open") this.showSent();
    this.showCount(seen, isFrozen);
  }

  showCount({ vote, members }, isFrozen) {
    const isCounted = vote && !isFrozen && vote.stage !== "revealed";
    const of = vote?.stage === "open" ? ` of ${members}` : "";
    this.count.textContent = isCounted ? `${vote.answered}${of} have answered.` : "";
  }

  freeze() {
    delete this.news.dataset.grade;
    this.body.replaceChildren();
    this.say(FROZEN);
  }

  build() {
    const { vote } = this;
    delete this.news.dataset.grade;
    if (!vote) {
      this.body.replaceChildren();
      this.say(NOTHING);
      return;
    }
    const { prompt, statement } = vote.asked;
    const question = [
      ...(statement ? [make("blockquote", {}, statement)] : []),
      make("p", { className: "tdl-class-prompt" }, prompt),
    ];
    this.body.replaceChildren(...question);
    this[
      { open: "buildForm", closed: "buildClosed", deciding: "buildDeciding", revealed: "buildResult" }[vote.stage]
    ]();
  }

  say(sentence) {
    if (this.news.textContent !== sentence) this.news.textContent = sentence;
  }

  // ---- the vote is open ----

  buildForm() {
    const { vote, you } = this;
    const before = lastAnswer(vote, you.answers);
    this.input = INPUTS[vote.asked.kind](vote.asked, before);
    this.button = make("button", { type: "submit", className: "tdl-class-button" }, "Send my answer");
    this.sent = make("p", { className: "tdl-class-sent", role: "status" });
    const form = make("form", { onsubmit: (event) => (event.preventDefault(), this.send()) });
    form.append(this.input.element, this.button, this.sent);
    this.body.append(form);
    this.say(vote.round > 1 ? "The second vote is open: send the same answer again, or another." : "The vote is open.");
  }

  showSent() {
    const { vote, you } = this;
    const given = you.answers[vote.round];
    if (given === undefined || this.isSending) return;
    const words = saidAs(vote.asked, given);
    this.button.textContent = "Change my answer";
    this.sent.textContent = `Your answer is in: ${words}. You may change it until the vote is closed.`;
  }

  async send(kept) {
    const { vote } = this;
    const value = kept ? kept.value : this.input.value();
    if (value === null) {
      this.sent.textContent = vote.asked.kind === "sketch" ? "Draw the whole curve first." : "Answer first, then send.";
      return;
    }
    this.isSending = true;
    this.sent.textContent = "Your answer is on its way …";
    try {
      const own = await sendAnswer({ vote: vote.id, round: vote.round, value });
      this.isSending = false;
      this.onOwn(own);
    } catch (refusal) {
      this.isSending = false;
      this.sent.textContent = refusal.isLost
        ? "There is no connection: your answer is kept, and goes as soon as there is one."
        : refusal.message;
      if (refusal.isLost) setTimeout(() => this.trySendingAgain(), RETRY_MS);
    }
  }

  trySendingAgain() {
    const kept = unsent();
    if (
      kept &&
      !this.isSending &&
      this.vote?.stage === "open" &&
      kept.vote === this.vote.id &&
      kept.round === this.vote.round
    )
      this.send(kept);
  }

  // ---- it is closed, and decided ----

  buildClosed() {
    const kept = unsent();
    const isLate = kept && kept.vote === this.vote.id && this.you.answers[this.vote.round] === undefined;
    const given = lastAnswer(this.vote, this.you.answers);
    const words = isLate ? "The vote was closed before your answer came: it is not counted." : "The vote is closed.";
    const mine = given === undefined ? "" : ` Your answer is ${saidAs(this.vote.asked, given)}.`;
    const next = this.vote.round > 1 ? "The run decides soon." : "Talk to your neighbour: who answered what, and why?";
    this.say(`${words}${mine} ${next}`);
  }

  buildDeciding() {
    this.say("The run decides now. Look to the front.");
  }

  buildResult() {
    const { vote, you } = this;
    const { worth, rounds, asked } = vote;
    const mine = lastAnswer(vote, you.answers);
    if (mine === undefined) this.say("You did not answer. This is what the run says:");
    else {
      const given = asked.kind === "sketch" ? { x: asked.x, y: mine } : mine;
      const { grade, words } = judged(asked.kind, worth.verdicts, given);
      this.say(`${GRADES[grade]}. ${words === "Right." ? "" : words}`);
      this.news.dataset.grade = grade;
    }
    const figures = make(
      "div",
      { className: "tdl-class-figures" },
      spread({ asked, rounds, worth, answers: you.answers }),
    );
    this.body.append(make("p", {}, worth.sentence), figures);
  }
}
