// The goals of a lab: a line that says how many were reached, behind it what they are, and why those that were came about.
// The kernel judges them by the learner's runs, the browser keeps them.

import { make } from "./dom.js";
import { keep, kept } from "./kept.js";

const REACHED = "tdl-goals-reached";
const UNJUDGED = "Recorded runs reach no goal: they are judged where a kernel trains what you have set.";

export class Goals {
  constructor(element) {
    Object.assign(this, { element, goals: [], rows: new Map(), reached: new Set(), lab: "", latest: "" });
    this.count = make("span", { className: "tdl-goals-count" });
    this.line = make("span", { className: "tdl-goals-line" });
    this.list = make("ul", { className: "tdl-goals-list" });
    this.unjudged = make("p", { className: "tdl-said" }, UNJUDGED);
    this.fold = make(
      "details",
      { ontoggle: () => this.toggle() },
      make("summary", {}, this.count, this.line),
      this.list,
      this.unjudged,
    );
    this.said = make("span", { className: "tdl-goals-said", role: "status" });
  }

  // `lab` is its name, by which what was reached is kept.
  build(goals, lab) {
    Object.assign(this, { goals, lab });
    const before = kept(REACHED);
    this.reached = new Set(goals.map(({ name }) => name).filter((name) => before.includes(this.keyOf(name))));
    this.rows = new Map(goals.map((goal) => [goal.name, goalRow(goal)]));
    this.list.replaceChildren(...this.rows.values());
    this.element.replaceChildren(...(goals.length ? [this.fold, this.said] : []));
  }

  keyOf(name) {
    return `${this.lab} ${name}`;
  }

  // `seen` are those that the kernel has seen reached; null where none judges.
  show(seen) {
    const fresh = this.goals.filter(({ name }) => seen?.includes(name) && !this.reached.has(name));
    for (const { name } of fresh) {
      this.reached.add(name);
      keep(REACHED, this.keyOf(name));
    }
    for (const goal of this.goals) mark(this.rows.get(goal.name), this.reached.has(goal.name), fresh.includes(goal));
    this.unjudged.hidden = Boolean(seen);
    if (fresh.length) this.tell(fresh);
    this.showLine();
  }

  tell(fresh) {
    this.latest = fresh.at(-1).name;
    this.said.textContent = fresh.map(({ text, why }) => `Goal reached: ${text} ${why}`).join(" ");
    this.line.classList.remove("tdl-fresh");
    void this.line.offsetWidth; // the animation begins anew
    this.line.classList.add("tdl-fresh");
  }

  // What the closed fold says: what was reached just now, else what to try next.
  showLine() {
    const latest = this.goals.find(({ name }) => name === this.latest);
    const next = this.goals.find(({ name }) => !this.reached.has(name));
    this.count.textContent = `Goals ${this.reached.size} of ${this.goals.length}`;
    this.line.textContent = latest ? `✓ Reached: ${latest.text}` : (next?.text ?? "✓ All reached");
    this.line.classList.toggle("tdl-reached", Boolean(latest) || !next);
  }

  // Whoever has opened it has read what was reached.
  toggle() {
    if (this.fold.open || !this.latest) return;
    this.latest = "";
    this.showLine();
  }
}

function goalRow({ text, why }) {
  return make(
    "li",
    {},
    make("span", { className: "tdl-goal-mark", role: "img" }),
    make("span", { className: "tdl-goal-text" }, text),
    make("span", { className: "tdl-goal-why" }, why),
  );
}

function mark(row, isReached, isFresh) {
  const sign = row.querySelector(".tdl-goal-mark");
  row.classList.toggle("tdl-reached", isReached);
  row.classList.toggle("tdl-fresh", isFresh);
  sign.textContent = isReached ? "✓" : "";
  sign.setAttribute("aria-label", isReached ? "Reached" : "Not reached yet");
}
