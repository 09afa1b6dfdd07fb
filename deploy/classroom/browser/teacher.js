// The teacher's page: code and picture to join by, the question and the shape of its answers, where the class is.

import { make } from "../../../widgets/browser/dom.js";
import { askAsTeacher, get, send } from "./asking.js";
import { ClassStream } from "./stream.js";
import { spread } from "./spread.js";
import { joinAddresses } from "./joining.js";
import { base, gallery, lessonAddress } from "./told.js";
import { VoteControl } from "./vote_control.js";

const main = document.getElementById("tdl-class");
const PACES = [
  ["free", "Free", "Everybody goes where they like."],
  ["follow", "Follow", "What comes after your place is dimmed; labs wait while a vote is open."],
  ["frozen", "Frozen", "All pages rest, and say: look to the front."],
];
const PRIVATE =
  "This page is yours alone: it shows how the class answers before the result is revealed. Project a lesson instead.";
const LEAVING =
  "End the class? All answers and names are deleted, on every page at once. Save the table first if you want it.";

const NO_TEACHER = "This page is the teacher's: open it by the address that the server has printed, with its key.";

function heading(words) {
  return make("h2", {}, words);
}

class TeacherPage {
  constructor() {
    this.stream = new ClassStream({
      onState: (state) => this.show(state),
      onLine: (isThere) =>
        (this.line.textContent = isThere ? "" : "The connection to the server is lost; this page looks for it."),
      onEnd: () => this.goOn(),
      listensHidden: true,
    });
    this.control = new VoteControl((sentence) => this.refuse(sentence));
    this.line = make("p", { className: "tdl-class-line-lost", role: "status" });
    this.refusal = make("p", { className: "tdl-class-refusal", role: "alert" });
    this.said = make("p", { className: "tdl-class-told", role: "status" });
    this.joined = make("p", { className: "tdl-class-joined", role: "status" });
    this.code = make("p", { className: "tdl-class-code" });
    this.picture = make("img", { className: "tdl-class-picture", alt: "The address to join at, as a QR code" });
    this.addresses = make("ul", {});
    this.question = make("div", {});
    this.figures = make("div", { className: "tdl-class-figures" });
    this.glance = make("div", {});
    this.sections = make("div", {});
    this.nicknames = make("div", {});
    this.build();
  }

  build() {
    const ask = (content) => this.ask(content);
    const paces = PACES.map(([value, label, about]) => {
      const input = make("input", { type: "radio", name: "pace", value, onchange: () => ask({ do: "pace", value }) });
      return make("label", {}, input, make("span", {}, make("strong", {}, label), ` ${about}`));
    });
    this.paces = make("fieldset", {}, make("legend", { className: "tdl-class-unseen" }, "Pace"), ...paces);
    this.why = make("p", { className: "tdl-class-about" });
    this.names = make("input", { type: "checkbox", onchange: () => ask({ do: "names", value: this.names.checked }) });
    const names = make(
      "label",
      {},
      this.names,
      make("span", {}, "Members may give a nickname, which I alone see (to be chosen before anybody joins)"),
    );
    const file = make(
      "a",
      { href: `${base}class/answers.csv`, className: "tdl-class-small" },
      "Save all answers (CSV)",
    );
    const end = make(
      "button",
      { type: "button", className: "tdl-class-small", onclick: () => this.end() },
      "End the class",
    );
    const lessons = make("a", { href: gallery, target: "_blank", rel: "noopener" }, "Open the lessons to project");
    main.replaceChildren(
      make("h1", {}, "The class"),
      make("p", { className: "tdl-class-about" }, PRIVATE),
      this.line,
      this.said,
      this.refusal,
      make(
        "div",
        { className: "tdl-class-columns" },
        make(
          "section",
          {},
          heading("Join"),
          this.code,
          this.picture,
          this.addresses,
          this.joined,
          make("p", {}, lessons),
        ),
        make("section", {}, heading("Question"), this.question, heading("Questions so far"), this.glance),
        make(
          "section",
          {},
          heading("Pace"),
          this.paces,
          this.why,
          heading("Where the class is"),
          this.sections,
          this.nicknames,
        ),
      ),
      make("footer", {}, names, make("p", {}, file, " ", end)),
    );
  }

  refuse(sentence) {
    this.refusal.textContent = sentence;
  }

  async ask(content) {
    this.refuse("");
    try {
      await askAsTeacher(content);
    } catch (refusal) {
      this.refuse(refusal.message);
      this.show(this.stream.state); // what was refused is not shown as done
    }
  }

  // The next class is open already.
  async goOn() {
    await this.stream.open();
    this.said.textContent = "The class has ended, and all of it is deleted. Another is open, with a new code.";
  }

  end() {
    if (confirm(LEAVING)) this.ask({ do: "end" });
  }

  // ---- what is so now ----

  show({ class: seen, teacher }) {
    if (seen.code !== this.shownCode) this.showCode(seen.code);
    this.joined.textContent = `${teacher.joined} joined · ${seen.members} here now`;
    for (const input of this.paces.querySelectorAll("input")) input.checked = input.value === seen.pace;
    this.why.textContent = seen.why;
    this.names.checked = seen.names;
    this.names.disabled = teacher.joined > 0;
    this.showQuestion(seen, teacher);
    this.showGlance(teacher.glance);
    this.showSections(teacher.sections);
    this.showNicknames(teacher.nicknames);
  }

  async showCode(code) {
    this.shownCode = code;
    this.code.textContent = code;
    this.picture.src = `${base}class/join.svg?${code}`;
    const all = await joinAddresses(code);
    this.addresses.replaceChildren(...all.map((address) => make("li", {}, address)));
  }

  showQuestion(seen, { rounds }) {
    const { vote } = seen;
    if (!vote) {
      const words = "Open a lesson, and press “Ask the class” under one of its questions.";
      this.replace(this.question, "none", make("p", {}, words));
      return;
    }
    this.control.show(seen);
    const { asked, worth } = vote;
    // What stands around the figures stays while answers come in: somebody may be about to press one of its buttons.
    const frame = `${vote.id} ${vote.stage}`;
    if (this.question.dataset.key !== frame) this.replace(this.question, frame, ...this.around(vote));
    this.replace(this.figures, `${frame} ${JSON.stringify(rounds)}`, spread({ asked, rounds, worth }));
  }

  around({ asked, worth, lesson }) {
    const link = make("a", { href: lessonAddress(lesson), target: "_blank", rel: "noopener" }, "in its lesson");
    return [
      ...(asked.statement ? [make("blockquote", {}, asked.statement)] : []),
      make("p", { className: "tdl-class-prompt" }, asked.prompt),
      this.control.element,
      ...(worth ? [make("p", {}, worth.sentence)] : []),
      this.figures,
      make("p", { className: "tdl-class-about" }, "It stands ", link, ", whose run decides: keep that page open."),
    ];
  }

  showGlance(glance) {
    const rows = glance.map(({ lesson, prompt, rounds, wrong }) => {
      const of = ({ answered, right }) =>
        right === undefined ? `${answered} answered` : `${right} of ${answered} right`;
      const cells = [0, 1].map((at) => make("td", {}, rounds[at] ? of(rounds[at]) : ""));
      const most = wrong ? `${wrong[0]} (${wrong[1]})` : "";
      return make(
        "tr",
        {},
        make("td", {}, lesson),
        make("th", { scope: "row" }, prompt),
        ...cells,
        make("td", {}, most),
      );
    });
    const heads = ["lesson", "question", "first vote", "second vote", "most frequent wrong answer"];
    const head = make("tr", {}, ...heads.map((title) => make("th", { scope: "col" }, title)));
    const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
    this.replace(this.glance, JSON.stringify(glance), rows.length ? table : make("p", {}, "None yet."));
  }

  showSections(sections) {
    const rows = sections.map(({ page, section, count }) =>
      make("li", {}, make("strong", {}, String(count)), ` ${section || "the beginning"} (${page})`),
    );
    const none = "Nobody has a lesson open. Phones that only vote are not counted here.";
    this.replace(this.sections, JSON.stringify(sections), rows.length ? make("ul", {}, ...rows) : make("p", {}, none));
  }

  showNicknames(nicknames) {
    const rows = nicknames.map(({ id, alias, nickname }) => {
      const blank = make(
        "button",
        { type: "button", className: "tdl-class-small", onclick: () => this.ask({ do: "blank", member: id }) },
        "Blank",
      );
      blank.setAttribute("aria-label", `Blank the nickname ${nickname}`);
      return make("li", {}, `${nickname} (${alias}) `, blank);
    });
    const shown = rows.length ? make("div", {}, heading("Nicknames"), make("ul", {}, ...rows)) : "";
    this.replace(this.nicknames, JSON.stringify(nicknames), shown);
  }

  // Only what has changed: what has the focus stays.
  replace(place, key, ...children) {
    if (place.dataset.key === key) return;
    place.dataset.key = key;
    place.replaceChildren(...children);
  }
}

// The key comes in the part of the address that no server is sent, and does not stay there.
async function begin() {
  const key = location.hash.slice(1);
  try {
    if (key) {
      history.replaceState(history.state, "", `${base}class/`);
      await send("key", { key });
    }
    const state = await get("state");
    if (state.teacher === undefined) refuse(NO_TEACHER);
    else await new TeacherPage().stream.open();
  } catch (refusal) {
    refuse(refusal.status === 401 ? NO_TEACHER : refusal.message);
  }
}

const refuse = (sentence) => main.replaceChildren(make("h1", {}, "The class"), make("p", { role: "alert" }, sentence));

begin();
