// The page on a learner's phone or laptop: joins the class, then shows its question. It needs no kernel and no seat.

import { make } from "../../../widgets/browser/dom.js";
import { askAsMember, get, send } from "./asking.js";
import { ClassStream } from "./stream.js";
import { lessonAddress } from "./told.js";
import { VoteCard } from "./vote_card.js";

const COOKIES = "This browser keeps no cookies for this address. Allow them for it, and join again.";
const ABOUT =
  "Your answers are kept under a name that the class gives you. Nobody but your teacher sees anything of them before the " +
  "result is shown. They are deleted when your teacher ends the class, after seven days at the latest.";
const ABOUT_NAMES =
  "If you give a nickname, your teacher alone sees it, also beside your answers in the class's table. It may stay empty.";
const ENDED = "Your teacher has ended the class, and all answers are deleted.";
const main = document.getElementById("tdl-class");
const asked = decodeURIComponent(location.pathname.split("/r/")[1] ?? "");

// ---- joining ----

class JoinForm {
  constructor(said = "") {
    this.box = make("input", {
      id: "tdl-code",
      type: "text",
      autocomplete: "off",
      spellcheck: false,
      maxLength: 12,
      value: asked,
    });
    this.box.setAttribute("autocapitalize", "characters");
    this.said = make("p", { className: "tdl-class-refusal", role: "alert" }, said);
    this.more = make("div");
    this.nickname = make("input", { id: "tdl-nickname", type: "text", maxLength: 24, autocomplete: "off" });
    this.button = make("button", { type: "submit", className: "tdl-class-button" }, "Join");
    const form = make("form", {
      className: "tdl-class-join",
      onsubmit: (event) => (event.preventDefault(), this.go()),
    });
    form.append(
      make("label", { htmlFor: "tdl-code" }, "The code on the wall"),
      this.box,
      this.more,
      this.button,
      this.said,
      make("p", { className: "tdl-class-about" }, ABOUT),
    );
    main.replaceChildren(make("h1", {}, "Join the class"), form);
    this.box.addEventListener("change", () => this.ask());
    if (asked && !said) this.ask();
    else this.box.focus();
  }

  // What the class asks for, before one joins it; returns whether there is such a class.
  async ask() {
    this.said.textContent = "";
    this.more.replaceChildren();
    const code = this.box.value.trim();
    this.known = "";
    if (!code) {
      this.said.textContent = "Type the code first.";
      return false;
    }
    try {
      const { names } = await send("join", { code }, "PUT");
      this.known = code;
      if (names)
        this.more.append(
          make("label", { htmlFor: "tdl-nickname" }, "A nickname, if you like"),
          this.nickname,
          make("p", { className: "tdl-class-about" }, ABOUT_NAMES),
        );
      return true;
    } catch (refusal) {
      this.said.textContent = refusal.message;
      return false;
    }
  }

  // Who may give a nickname is asked before joining, however fast.
  async mayJoin() {
    if (this.known && this.known === this.box.value.trim()) return true;
    if (!(await this.ask())) return false;
    if (this.nickname.isConnected) this.nickname.focus();
    return !this.nickname.isConnected;
  }

  async go() {
    if (this.button.disabled) return; // a second touch is not a second learner
    this.button.disabled = true;
    try {
      if (!(await this.mayJoin())) return;
      await send("join", { code: this.box.value, nickname: this.nickname.value });
      await get("state");
      const path = location.pathname.replace(/\/r\/.*/, `/r/${encodeURIComponent(this.box.value.trim())}`);
      history.replaceState(history.state, "", path);
      begin();
    } catch (refusal) {
      this.said.textContent = refusal.status === 401 ? COOKIES : refusal.message;
    } finally {
      this.button.disabled = false;
    }
  }
}

const askToJoin = (said = "") => new JoinForm(said);

// ---- in the class ----

class ClassPage {
  constructor() {
    this.card = new VoteCard((you) => this.stream.takeOwn(you));
    this.who = make("p", { className: "tdl-class-who" });
    this.line = make("p", { className: "tdl-class-line-lost", role: "status" });
    this.link = make("p");
    const leave = make(
      "button",
      { type: "button", className: "tdl-class-small", onclick: () => this.leave() },
      "Leave the class",
    );
    const footer = make("footer", {}, this.link, make("p", { className: "tdl-class-about" }, ABOUT), leave);
    main.replaceChildren(this.who, this.line, this.card.element, footer);
    this.stream = new ClassStream({
      onState: (state) => this.show(state),
      onLine: (isThere) => this.showLine(isThere),
      onEnd: () => askToJoin(ENDED),
    });
  }

  show(state) {
    const { class: seen, you } = state;
    if (you === undefined) return; // the teacher's own browser
    const { alias, nickname } = you;
    this.who.replaceChildren(
      `Class ${seen.code} · you are `,
      make("strong", {}, alias),
      nickname ? ` (${nickname})` : "",
    );
    this.card.show(state);
    const lesson = seen.vote?.lesson ?? seen.place.page;
    this.link.replaceChildren(
      ...(lesson ? [make("a", { href: lessonAddress(lesson) }, "The lesson, to try it yourself")] : []),
    );
  }

  showLine(isThere) {
    this.line.textContent = isThere ? "" : "The connection to the class is lost; this page looks for it by itself.";
    if (isThere) this.card.trySendingAgain();
  }

  async leave() {
    if (!confirm("Leave the class? Your answers are deleted.")) return;
    await askAsMember({ do: "leave" }).catch(() => {});
    this.stream.close();
    askToJoin("You have left the class.");
  }
}

// A browser that is in this class goes on; who comes with the code of another is asked.
async function begin() {
  let state;
  try {
    state = await get("state");
  } catch (refusal) {
    askToJoin(refusal.status === 401 ? "" : refusal.message);
    return;
  }
  if (state.you === undefined) {
    const words = "This browser teaches the class. To see it as a learner does, open this address in a private window.";
    main.replaceChildren(make("h1", {}, "The class"), make("p", {}, words));
    return;
  }
  const isOther = asked && (await send("join", { code: asked }, "PUT").catch(() => null))?.code !== state.class.code;
  if (isOther) askToJoin();
  else await new ClassPage().stream.open();
}

begin();
