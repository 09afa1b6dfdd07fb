// The teacher's side of the class on a lesson's page, which is projected: it never shows how the class answers before
// the run has decided.

import { make } from "../../../widgets/browser/dom.js";
import { askAsTeacher } from "./asking.js";
import { labs, onPresented, onSaid, onSection, questions, stem } from "./places.js";
import { ClassCloud } from "./class_cloud.js";
import { RunWall } from "./run_wall.js";
import { Sheet } from "./sheet.js";
import { spread } from "./spread.js";
import { ClassStream } from "./stream.js";
import { joinAddresses } from "./joining.js";
import { base, lessonAddress } from "./told.js";
import { VoteControl } from "./vote_control.js";

const PACES = { free: "Free", follow: "Follow", frozen: "Frozen" };

// A learner's run without the names that it has there: what learners write is not for the wall.
function nameless(lab, query) {
  const held = JSON.parse(new URLSearchParams(query).get(lab));
  const names = held.lanes.map((_, at) => `lane ${at + 1}`);
  return String(new URLSearchParams({ [lab]: JSON.stringify({ ...held, names, says: [] }) }));
}

export class TeacherBar {
  constructor() {
    this.sheet = new Sheet("The class, for its teacher");
    this.controls = new Map(); // by question: what stands under it
    this.build();
    this.stream = new ClassStream({
      onState: (state) => this.show(state),
      onLine: (isThere) =>
        this.sheet.refuse(isThere ? "" : "The connection to the server is lost; this page looks for it."),
      onEnd: () => this.stream.open(),
      onGlimpses: (runs) => this.showWall(runs),
      listensHidden: true,
    });
    onPresented(() => this.stream.state && this.show(this.stream.state));
    onSaid((one) => one.kind === "question" && this.hear(one));
    onSection((section) => askAsTeacher({ do: "place", page: stem, section }).catch(() => {}));
  }

  build() {
    this.where = make("span", { className: "tdl-class-where" });
    this.count = make("span", { role: "status" });
    const select = make("select", { onchange: () => this.ask({ do: "pace", value: this.pace.value }) });
    this.pace = select;
    select.append(...Object.entries(PACES).map(([value, label]) => make("option", { value }, label)));
    this.picture = make("img", { className: "tdl-class-picture", alt: "The address to join at, as a QR code" });
    this.code = make("p", { className: "tdl-class-code" });
    this.addresses = make("ul", {});
    const words = make("div", {}, this.code, this.addresses);
    this.sheet.body.append(make("div", { className: "tdl-class-large" }, this.picture, words));
    this.sheet.invite("Show it large", false);
    this.now = make("button", { type: "button", className: "tdl-class-small", onclick: () => this.goToVote() });
    const mine = make("a", { href: `${base}class/`, target: "_blank", rel: "noopener" }, "My page");
    this.sheet.line.append(this.where, this.count, this.now, make("label", {}, "Pace ", select), mine, this.sheet.fold);
  }

  async ask(content) {
    this.sheet.say("");
    try {
      await askAsTeacher(content);
      return true;
    } catch (refusal) {
      this.sheet.refuse(refusal.message);
      return false;
    }
  }

  show({ class: seen, teacher }) {
    if (this.shownCode !== seen.code) this.showCode(seen.code);
    this.count.textContent = `${seen.members} in the class`;
    if (document.activeElement !== this.pace) this.pace.value = seen.pace;
    const isOn = seen.vote !== null && seen.vote.stage !== "revealed";
    this.now.hidden = !isOn;
    if (isOn) this.now.textContent = `The question: ${seen.vote.answered} have answered`;
    for (const one of questions()) this.showUnder(one, seen);
    for (const lab of labs()) this.showBeside(lab, seen, teacher);
  }

  // To the question that the class has, in this lesson or in another.
  goToVote() {
    const { vote } = this.stream.state.class;
    const one = questions().find(({ question }) => question.name === vote.asked.name);
    if (vote.lesson !== stem || !one) window.open(lessonAddress(vote.lesson), "_blank", "noopener");
    else one.element.scrollIntoView({ block: "center", behavior: "smooth" });
  }

  async showCode(code) {
    this.shownCode = code;
    this.code.textContent = code;
    this.picture.src = `${base}class/join.svg?${code}`;
    const all = await joinAddresses(code);
    this.where.replaceChildren("Join at ", make("strong", {}, all[0].replace(/^https?:\/\//, "")));
    this.addresses.replaceChildren(...all.map((each) => make("li", {}, each)));
  }

  // ---- under a question ----

  showUnder(one, seen) {
    const place = this.controls.get(one) ?? this.buildUnder(one);
    const { vote } = seen;
    const isIts = vote && vote.lesson === stem && vote.asked.name === one.question.name;
    const home = one.element.closest(".tdl-check") ?? one.element; // it comes into its box late
    if (place.element.parentElement !== home) home.append(place.element);
    one.wait(isIts && ["open", "closed"].includes(vote.stage) ? "The class votes on this question." : "");
    place.ask.hidden = Boolean(isIts) && vote.stage !== "revealed";
    place.ask.textContent = isIts && vote.stage === "revealed" ? "Ask the class again" : "Ask the class";
    place.rest.hidden = !isIts;
    if (!isIts) return;
    place.control.show(seen);
    const key = `${vote.id} ${vote.stage}`;
    if (key === place.key) return;
    place.key = key;
    const { asked, rounds, worth } = vote;
    const isDecided = vote.stage === "revealed";
    place.figures.replaceChildren(...(isDecided ? [spread({ asked, rounds, worth })] : []));
    if (isDecided && place.decided === vote.id) place.element.scrollIntoView({ block: "center", behavior: "smooth" });
    if (vote.stage === "deciding" && place.decided !== vote.id) {
      place.decided = vote.id;
      place.waits = vote.id;
      one.decide();
    }
  }

  buildUnder(one) {
    const ask = make("button", { type: "button", className: "tdl-class-button" }, "Ask the class");
    ask.addEventListener("click", () => this.ask({ do: "ask", lesson: stem, asked: one.question }));
    const control = new VoteControl((sentence) => this.sheet.refuse(sentence));
    const figures = make("div", { className: "tdl-class-figures" });
    const rest = make("div", {}, control.element, figures);
    const element = make("div", { className: "tdl-class tdl-class-under" }, rest, ask);
    const place = { ask, control, figures, rest, element };
    this.controls.set(one, place);
    return place;
  }

  // The run that was asked to decide has done so, or could not.
  hear(one) {
    const place = this.controls.get(one);
    const { state, sentence, verdicts } = one.says;
    if (!place?.waits || state === "running") return;
    const vote = place.waits;
    if (state === "checked" && verdicts) {
      place.waits = null;
      this.ask({ do: "reveal", vote, worth: { sentence, verdicts } });
    } else if (state === "failed") {
      place.waits = place.decided = null;
      this.ask({ do: "undecided", vote });
      this.sheet.refuse("The run could not decide; see under the question.");
    }
  }

  // ---- beside a lab ----

  showBeside(lab, { collection, watch }, { runs }) {
    const place = this.controls.get(lab) ?? this.buildBeside(lab);
    const isIts = collection?.lab === lab.name && collection.page === stem;
    place.collect.hidden = !lab.compares;
    place.collect.textContent = isIts ? `Stop collecting (${runs.length} handed in)` : "Collect the class's runs";
    place.isCollecting = isIts;
    place.runs = runs;
    place.train.hidden = !isIts || !runs.length;
    place.isWatched = watch?.lab === lab.name && watch.page === stem;
    place.watch.textContent = place.isWatched ? "Stop watching" : "Watch the class's runs";
    if (place.isWatched && !place.wall) this.buildWall(lab, place);
    if (place.wall) place.wall.element.hidden = !place.isWatched;
  }

  buildBeside(lab) {
    const push = make("button", { type: "button", className: "tdl-class-small" }, "Send this run to the class");
    push.addEventListener("click", () => this.push(lab));
    const collect = make("button", { type: "button", className: "tdl-class-small" });
    collect.addEventListener("click", () => this.collect(lab, place.isCollecting));
    const train = make("button", { type: "button", className: "tdl-class-small" }, "Train them side by side");
    train.addEventListener("click", () => this.train(lab, place.runs));
    const watch = make("button", { type: "button", className: "tdl-class-small" });
    watch.addEventListener("click", () => this.ask({ do: "watch", page: stem, lab: place.isWatched ? "" : lab.name }));
    const element = make("div", { className: "tdl-class tdl-class-beside" }, push, watch, collect, train);
    (lab.element.querySelector(".tdl-console") ?? lab.element).append(element);
    const place = { push, watch, collect, train, element, runs: [], isCollecting: false };
    this.controls.set(lab, place);
    return place;
  }

  async push(lab) {
    try {
      const search = await lab.link();
      if (await this.ask({ do: "push", page: stem, lab: lab.name, search }))
        this.sheet.say("The class has this run now.");
    } catch (refusal) {
      this.sheet.refuse(refusal.message);
    }
  }

  buildWall(lab, place) {
    place.wall = new RunWall((query) => {
      lab.open(nameless(lab.name, query));
      lab.element.scrollIntoView({ block: "start" });
    });
    (lab.element.closest(".tdl-lab") ?? lab.element).after(place.wall.element);
  }

  showWall(runs) {
    for (const place of this.controls.values()) if (place.isWatched) place.wall?.show(runs);
  }

  collect({ name: lab, title }, isCollecting) {
    this.ask(isCollecting ? { do: "collected" } : { do: "collect", page: stem, lab, title });
  }

  // The settings of all who have handed in, as lanes of one run of this page's own lab.
  train(lab, runs) {
    lab.gather(runs);
    lab.onClass = (message) => this.hearRun(lab, message);
    lab.element.scrollIntoView({ block: "start" });
  }

  // As lanes of the lab, while it has colours for them; else in figures of their own.
  hearRun(lab, message) {
    if (message.type === "gathered") {
      const learners = message.learners === 1 ? "one learner has" : `${message.learners} learners have`;
      const lost = message.unusable ? `; ${message.unusable} could not be used` : "";
      this.sheet.say(`The lab trains what ${learners} handed in${lost}.`);
      return;
    }
    const place = this.controls.get(lab);
    place.cloud ??= new ClassCloud();
    (lab.element.closest(".tdl-lab") ?? lab.element).after(place.cloud.element);
    place.cloud.show(message);
  }
}
