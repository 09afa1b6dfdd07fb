// A learner's side of the class on a lesson's page: the question, the teacher's place and runs, and what waits for them.

import { make } from "../../../widgets/browser/dom.js";
import { askAsMember } from "./asking.js";
import { allCells, cellsAfter, goTo, labNamed, labs, onPresented, onSection, questions, stem } from "./places.js";
import { Glimpses } from "./glimpses.js";
import { Sheet } from "./sheet.js";
import { ClassStream } from "./stream.js";
import { base, lessonAddress } from "./told.js";
import { FROZEN, VoteCard } from "./vote_card.js";

const VOTES = "The class votes on this question: answer in the bar at the bottom.";
const WATCHED = "Your teacher watches how the class's runs of a lab go, without names.";
const HELD = "This lab waits until the class's question is decided.";
const OPENED = "tdl class opened";

const opened = () => Number(sessionStorage.getItem(OPENED) ?? 0);

export class LearnerBar {
  constructor() {
    this.sheet = new Sheet("The class");
    this.card = new VoteCard((you) => this.stream.takeOwn(you));
    this.who = make("span", {});
    this.place = make("span", {});
    this.runs = make("span", { className: "tdl-class-runs" });
    this.glimpses = new Glimpses();
    this.veil = make("div", { className: "tdl-class-veil", hidden: true }, make("p", { role: "status" }));
    document.body.append(this.veil);
    this.sheet.line.append(this.who, this.place, this.runs, this.sheet.fold);
    this.sheet.body.append(this.card.element);
    this.stream = new ClassStream({
      onState: (state) => this.show(state),
      onLine: (isThere) => this.showLine(isThere),
      onEnd: () => this.end(),
    });
    onPresented(() => this.stream.state && this.show(this.stream.state));
    onSection((section) => askAsMember({ do: "at", page: stem, section }).catch(() => {}));
  }

  show(state) {
    const { class: seen, you } = state;
    const { pace } = seen;
    this.who.textContent = `Class ${seen.code} · you are ${you.alias}`;
    this.card.show(state);
    const key = seen.vote ? `${seen.vote.id} ${seen.vote.round} ${seen.vote.stage}` : "";
    if (key !== this.voteKey) {
      // What was decided before somebody came is there, and not in the way.
      const isNews = this.voteKey !== undefined || seen.vote?.stage === "open";
      this.voteKey = key;
      this.sheet.say("");
      if (isNews && ["open", "revealed"].includes(seen.vote?.stage)) this.sheet.open(true);
      if (!seen.vote) this.sheet.open(false);
    }
    const isVote = seen.vote?.stage === "open";
    this.sheet.invite(
      isVote ? "The class votes: answer" : "Unfold",
      isVote && you.answers[seen.vote.round] === undefined,
    );
    this.showVeil(pace, isVote);
    this.showWaiting(seen, pace);
    this.showPlace(seen.place, pace);
    this.showRuns(seen, you, pace);
    this.glimpses.follow(seen.watch, you.hidden);
    if (seen.why !== this.why) this.sheet.say(seen.why);
    this.why = seen.why;
  }

  // ---- what waits ----

  showWaiting({ vote }, pace) {
    const isOpen = vote && vote.stage !== "revealed";
    for (const each of questions())
      each.wait(isOpen && each.question.name === vote.asked.name && vote.lesson === stem ? VOTES : "");
    const sentence = pace === "frozen" ? FROZEN : pace === "follow" && isOpen ? HELD : "";
    for (const lab of labs()) lab.hold(sentence);
  }

  // While a vote is open its question stays above the veil.
  showVeil(pace, isVote) {
    const isFrozen = pace === "frozen";
    this.veil.classList.toggle("tdl-class-votes", isVote);
    if (isFrozen !== this.veil.hidden) return;
    this.veil.hidden = !isFrozen;
    this.veil.firstChild.textContent = isFrozen ? FROZEN : "";
    for (const each of document.body.children)
      if (each !== this.veil && each !== this.sheet.element) each.inert = isFrozen;
  }

  // ---- where the teacher is ----

  showPlace({ page, section }, pace) {
    const isHere = page === stem;
    const key = pace === "follow" ? `${page} ${section}` : "";
    if (key === this.placeKey) return;
    this.placeKey = key;
    const later = new Set(pace === "follow" && isHere ? cellsAfter(section) : []);
    for (const cell of allCells()) cell.classList.toggle("tdl-class-later", later.has(cell));
    this.place.replaceChildren();
    if (pace !== "follow" || !page) return;
    this.place.append("You follow your teacher: what comes later is dimmed. ");
    const go = isHere
      ? make(
          "button",
          { type: "button", className: "tdl-class-small", onclick: () => goTo(section) },
          `Go to “${section}”`,
        )
      : make("a", { href: lessonAddress(page) }, `Your teacher is in another lesson: ${page}`);
    this.place.append(go);
  }

  // ---- runs: the teacher's, and one's own ----

  showRuns({ push, collection, watch }, you, pace) {
    const key = JSON.stringify([
      push?.id,
      collection,
      watch,
      you.handed_in,
      you.hidden,
      this.mine !== undefined,
      labs().length,
    ]);
    if (key === this.runsKey) return;
    this.runsKey = key;
    if (watch && watch.lab !== this.watched) this.sheet.say(WATCHED);
    else if (!this.isHandingIn) this.sheet.say("");
    this.watched = watch?.lab;
    const parts = [];
    if (push && push.id > opened()) {
      const isAtOnce = pace === "follow" && push.page === stem && labNamed(push.lab);
      if (isAtOnce) this.openPush(push);
      else parts.push(this.button("Open your teacher's run", () => this.openPush(push)));
    }
    if (this.mine) parts.push(this.button("Back to mine", () => this.openMine()));
    if (collection?.page === stem && labNamed(collection.lab)) {
      const words = you.handed_in ? "Hand in again" : `Hand in your run of “${collection.title}”`;
      parts.push(this.button(words, () => this.handIn(collection)));
    } else if (collection && collection.page !== stem)
      parts.push(
        make("a", { href: lessonAddress(collection.page, -1) }, `Your teacher collects runs of “${collection.title}”`),
      );
    if (you.handed_in || watch)
      parts.push(
        this.button(you.hidden ? "Show mine to others again" : "Do not show mine to others", () =>
          this.own({ do: "hide", value: !you.hidden }),
        ),
      );
    this.runs.replaceChildren(...parts.flatMap((part) => [part, " "]));
  }

  button(words, onclick) {
    return make("button", { type: "button", className: "tdl-class-small", onclick }, words);
  }

  async openPush(push) {
    sessionStorage.setItem(OPENED, String(push.id));
    const lab = push.page === stem ? labNamed(push.lab) : undefined;
    if (!lab) {
      location.assign(`${lessonAddress(push.page, -1)}?${push.search}`);
      return;
    }
    this.mine = await lab.link().then(
      (query) => ({ lab, query }),
      () => undefined,
    );
    lab.open(push.search);
    lab.element.scrollIntoView({ block: "start" });
    this.sheet.say("This lab shows your teacher's run.");
    this.show(this.stream.state);
  }

  openMine() {
    const { lab, query } = this.mine;
    this.mine = undefined;
    lab.open(query);
    this.sheet.say("");
    this.show(this.stream.state);
  }

  async handIn({ id, lab }) {
    this.sheet.say("Your run is on its way: keep this page open …");
    this.isHandingIn = true;
    try {
      const given = labNamed(lab);
      const search = await given.laneLink();
      await this.own({ do: "hand_in", collection: id, search });
      this.sheet.say(`Your run “${given.chosen}” is handed in. Nobody sees whose it is.`);
    } catch (refusal) {
      this.sheet.refuse(refusal.message);
    } finally {
      this.isHandingIn = false;
    }
  }

  async own(command) {
    this.stream.takeOwn(await askAsMember(command));
  }

  // ---- the line, and the end ----

  showLine(isThere) {
    this.sheet.refuse(isThere ? "" : "The connection to the class is lost; this page looks for it by itself.");
    if (isThere) this.card.trySendingAgain();
  }

  end() {
    this.showWaiting({ vote: null }, "free");
    this.showVeil("free", false);
    this.showPlace({}, "free");
    this.sheet.say("");
    this.sheet.close(
      make(
        "span",
        {},
        "Your teacher has ended the class, and all answers are deleted. ",
        make("a", { href: `${base}r/` }, "Join another"),
      ),
    );
  }
}
