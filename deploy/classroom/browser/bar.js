// The class on a lesson's page: a bar at the bottom, for a teacher what leads the class, for a learner the question.

import { page } from "../../../widgets/browser/page.js";
import { make } from "../../../widgets/browser/dom.js";
import { get } from "./asking.js";
import { LearnerBar } from "./learner_bar.js";
import { TeacherBar } from "./teacher_bar.js";
import { base } from "./told.js";

const isGallery = () => document.querySelector(".tdl-cards") !== null;

// Who is in no class is told that there is one.
function invite() {
  const link = make("a", { href: `${base}r/` }, "Join it with its code");
  const close = make(
    "button",
    { type: "button", className: "tdl-class-small", onclick: () => bar.remove() },
    "No, thanks",
  );
  const bar = make("aside", { className: "tdl-class tdl-class-invite" }, "A class is open here. ", link, " ", close);
  bar.setAttribute("aria-label", "The class");
  document.body.append(bar);
}

async function begin() {
  page.presented ??= new Set();
  try {
    const state = await get("state");
    const Bar = state.teacher === undefined ? LearnerBar : TeacherBar;
    await new Bar().stream.open();
  } catch (refusal) {
    if (refusal.status === 401 && !isGallery()) invite();
  }
}

begin();
