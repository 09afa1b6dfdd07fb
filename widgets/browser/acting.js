// Text that acts: phrases and numbers of a lesson that set, play or light the lab they speak of. What they ask for goes
// the way of what a person's own controls ask for.

import { ACTING, deedsOf, fragmentOf, isSet, wishOf } from "./acting_link.js";
import { bringNear, swipeTo } from "./bring_near.js";
import { isOn, light, unlight } from "./lighting.js";
import { page } from "./page.js";
import { Saying } from "./saying.js";
import { Scrub } from "./scrub.js";
import { WayBack } from "./way_back.js";

const LATE_MS = 1500;
const PRESSED_MS = 700;
const PATIENCE_MS = 120000;
const LIGHT_AGAIN_MS = 250;
const SHOW_SOON_MS = 100;

const COMING = "This lab is still on its way. It will be done once the lab is here.";
const NOT_OPEN = "This lab is not open yet: run its cell, and it will be done.";
const NOT_SHOWN = "The figures do not show this now. Play the lab, or choose the preset that the text speaks of.";

function waits(lab) {
  const device = lab.model.get("transport")?.device ?? "";
  const isOnTheWay = device.startsWith("recorded run;");
  return `${isOnTheWay ? "A kernel is on its way" : "The lab has not answered yet"}. It will be done as soon as it can.`;
}

// Resolves when something holds of a lab's model; throws what the lab refuses it with.
function done(model, holds, signal, late) {
  return new Promise((resolve, reject) => {
    const ended = new AbortController();
    const end = (settle, value) => () => {
      ended.abort();
      settle(value);
    };
    const hear = (event, listener) => {
      model.on(event, listener);
      ended.signal.addEventListener("abort", () => model.off(event, listener));
    };
    const wait = (act, milliseconds) => {
      const timer = setTimeout(act, milliseconds);
      ended.signal.addEventListener("abort", () => clearTimeout(timer));
    };
    const look = () => holds() && end(resolve)();
    const refuse = () => {
      const { text } = model.get("refusal") ?? {};
      if (text && !holds()) end(reject, new Error(text))();
    };
    hear("change", look);
    hear("change:refusal", refuse);
    hear("msg:custom", ({ type }) => type === "refresh" && refuse());
    wait(late, LATE_MS);
    wait(end(reject, new Error("The lab does not answer.")), PATIENCE_MS);
    signal.addEventListener("abort", end(reject, new Error("Something else was asked for.")), { signal: ended.signal });
    look();
  });
}

class Acting {
  // `come(name)` puts a lab of a plain page into its place, and says whether there is one.
  constructor(come) {
    Object.assign(this, { come, labs: [], waiting: [], turns: new Map(), scrubs: new Map(), wishes: new WeakMap() });
    Object.assign(this, { hovered: null, pinned: null, lit: null, saying: new Saying(), wayBack: new WayBack() });
    this.listen();
    this.takeAddress();
  }

  // What was clicked before anything here could act is in the address.
  takeAddress() {
    const { hash, pathname, search } = location;
    if (!hash.startsWith("#lab=")) return;
    const link = [...document.querySelectorAll(ACTING)].find((each) => each.getAttribute("href") === hash) ?? null;
    this.waiting.push({ link, wish: wishOf(hash) });
    history.replaceState(history.state, "", `${pathname}${search}`);
  }

  listen() {
    const on = (type, act) =>
      window.addEventListener(type, (event) => act(event.target.closest?.(ACTING), event), true);
    on("click", (link, event) => link && this.click(link, event));
    on("keydown", (link, event) => link && this.press(link, event));
    on("keydown", (_, event) => event.key === "Escape" && this.pinned && this.unpin());
    on("dragstart", (link, event) => link && event.preventDefault());
    on("dblclick", (link, event) => link && event.stopPropagation()); // JupyterLab would edit the text
    on("pointerover", (link) => this.hover(link));
    on("focusin", (link) => {
      this.dressAll();
      this.hover(link);
    });
    on("focusout", (link) => link && this.hover(null));
    on("pointerdown", (link, event) => event.button === 0 && this.scrubs.get(link)?.begin(event));
    on("pointermove", (link, event) => {
      if (link) this.scrubs.get(link)?.move(event);
      else this.pointAt(event);
    });
    for (const type of ["pointerup", "pointercancel"]) on(type, (link) => this.scrubs.get(link)?.end());
  }

  wish(link) {
    if (!this.wishes.has(link)) this.wishes.set(link, wishOf(fragmentOf(link)));
    return this.wishes.get(link);
  }

  // ---- which lab ----

  // Of several of one name the last before the phrase.
  labOf(link) {
    const { lab } = this.wish(link);
    const labs = this.labs.filter(({ model }) => model.get("options").name === lab);
    const before = ({ element }) => link.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_PRECEDING;
    return labs.findLast(before) ?? labs[0] ?? null;
  }

  // A lab is on the page, as its panel; returns how to take it back.
  offer(lab) {
    this.labs.push(lab);
    const news = ["change:lanes", "change:selected", "change:preset"];
    const show = () => this.dressSoon();
    const forget = () => this.pinned && this.labOf(this.pinned) === lab && this.unpin();
    const refuse = () => this.refused(lab);
    const refresh = ({ type }) => type === "refresh" && refuse();
    news.forEach((name) => lab.model.on(name, show));
    lab.model.on("change:preset", forget);
    lab.model.on("change:refusal", refuse);
    lab.model.on("msg:custom", refresh);
    this.dressSoon();
    // Its element is put on the page in a moment.
    setTimeout(() => this.catchUp(lab), SHOW_SOON_MS);
    return () => {
      this.labs = this.labs.filter((each) => each !== lab);
      news.forEach((name) => lab.model.off(name, show));
      lab.model.off("change:preset", forget);
      lab.model.off("change:refusal", refuse);
      lab.model.off("msg:custom", refresh);
      this.scrubs.forEach((scrub, link) => scrub.lab === lab && this.scrubs.delete(link));
    };
  }

  async catchUp(lab) {
    const { name } = lab.model.get("options");
    const due = this.waiting.filter(({ wish }) => wish.lab === name);
    this.waiting = this.waiting.filter((each) => !due.includes(each));
    for (const { link, wish } of due) await this.carryOut(link, lab, wish);
  }

  // ---- how the phrases look ----

  dressSoon() {
    this.dressing ??= setTimeout(() => {
      this.dressing = null;
      this.dressAll();
    }, SHOW_SOON_MS);
  }

  dressAll() {
    document.querySelectorAll(ACTING).forEach((link) => this.dress(link));
  }

  dress(link) {
    const [wish, lab] = [this.wish(link), this.labOf(link)];
    if (wish.scrub) {
      if (lab && !this.scrubs.has(link)) this.scrubs.set(link, new Scrub(link, lab, wish, this.saying, waits));
      this.scrubs.get(link)?.show();
      return;
    }
    link.role = "button";
    if (wish.settings.length) link.dataset.sets = "";
    const isOnNow = lab ? this.holds(link, wish, lab.model) : null;
    if (isOnNow === null) link.removeAttribute("aria-pressed");
    else link.ariaPressed = String(isOnNow);
  }

  // Whether a phrase holds of its lab; null where that cannot be said.
  holds(link, { preset, lane, settings, goTo, buttons, traces }, model) {
    if (goTo !== null || buttons.length) return null;
    if (preset !== null) return settings.length ? null : model.get("presets")[model.get("preset")]?.name === preset;
    if (settings.length) return settings.every(([name, text]) => isSet(model, name, text));
    if (lane !== null) return model.get("lanes")[model.get("selected")]?.name === lane;
    return traces.length ? this.pinned === link : null;
  }

  // ---- what a person does ----

  click(link, event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!this.scrubs.has(link)) this.act(link);
  }

  press(link, event) {
    // JupyterLab's own keys are not for a phrase; it minds this attribute. Ctrl+S and the like stay its own.
    link.toggleAttribute("data-lm-suppress-shortcuts", !(event.ctrlKey || event.metaKey));
    const scrub = this.scrubs.get(link);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (scrub ? !scrub.press(event.key) : event.key !== " ") return;
    event.preventDefault();
    if (!scrub) this.act(link);
  }

  act(link) {
    const [wish, lab] = [this.wish(link), this.labOf(link)];
    if (lab) {
      this.carryOut(link, lab, wish);
      return;
    }
    this.waiting.push({ link, wish });
    if (!this.come(wish.lab)) this.saying.say(link, document.body.dataset.voila ? COMING : NOT_OPEN);
  }

  async carryOut(link, lab, wish) {
    const element = lab.element.closest(".tdl-lab");
    bringNear(link, element);
    if (link) this.wayBack.offer(link);
    link?.classList.add("tdl-done");
    setTimeout(() => link?.classList.remove("tdl-done"), PRESSED_MS);
    const deeds = deedsOf(wish);
    if (!deeds.length) {
      if (wish.traces.length) this.pin(link, element, wish);
      return;
    }
    this.turns.get(lab)?.abort();
    const turn = new AbortController();
    this.turns.set(lab, turn);
    const said = [];
    try {
      for (const deed of deeds) said.push(await this.do(deed(lab.model), link, lab, turn.signal));
      this.saying.hide();
      this.saying.tell(`${said.join(", ")} in "${lab.model.get("title")}".`);
    } catch (error) {
      if (!turn.signal.aborted) this.saying.say(link, error.message);
    }
  }

  async do({ message, holds, words }, link, lab, signal) {
    if (!message) return words;
    const { do: name, ...content } = message;
    const answered = done(lab.model, holds, signal, () => this.saying.say(link, waits(lab)));
    lab.command(name, content);
    if (lab.presence.isGone) throw new Error(lab.presence.trouble);
    await answered;
    return words;
  }

  refused(lab) {
    const { text } = lab.model.get("refusal") ?? {};
    if (text) this.scrubs.forEach((scrub) => scrub.lab === lab && scrub.refused(text));
  }

  // ---- traces ----

  pin(link, element, wish) {
    this.pinned = this.pinned === link ? null : link;
    swipeTo(this.relight());
    this.dressAll();
    // A figure that was far away is drawn first.
    setTimeout(() => {
      if (this.pinned !== link) return;
      const plot = light(element, wish);
      swipeTo(plot);
      if (plot) return;
      this.saying.say(link, NOT_SHOWN);
      this.pin(link, element, wish);
    }, LATE_MS);
  }

  unpin() {
    this.pinned = null;
    this.relight();
    this.dressAll();
  }

  hover(link) {
    if (link === this.hovered) return;
    this.hovered = link;
    this.relight();
  }

  // Returns a figure that is lit, if there is one.
  relight() {
    clearInterval(this.lightAgain);
    unlight(this.lit);
    const link = [this.hovered, this.pinned].find((each) => each?.isConnected && this.wish(each).traces.length);
    this.lit = link ? this.labOf(link)?.element.closest(".tdl-lab") : null;
    if (!this.lit) return null;
    // A figure that is drawn anew has forgotten it.
    this.lightAgain = setInterval(() => light(this.lit, this.wish(link)), LIGHT_AGAIN_MS);
    return light(this.lit, this.wish(link));
  }

  // A pointer is somewhere on the page: on a trace, its phrase is lit.
  pointAt(event) {
    const plot = event.target.closest?.(".tdl-plot") ?? null;
    if (!plot && !this.pointed) return;
    const isFirst = !this.pointing;
    this.pointing = { plot, event };
    this.pointed = plot;
    if (isFirst) requestAnimationFrame(() => this.lightPhrases());
  }

  lightPhrases() {
    const { plot, event } = this.pointing;
    this.pointing = null;
    const lab = plot?.closest(".tdl-lab") ?? null;
    for (const link of document.querySelectorAll(ACTING)) {
      const wish = this.wish(link);
      if (!wish.traces.length) continue;
      const isOfIt = lab && this.labOf(link)?.element.closest(".tdl-lab") === lab;
      link.classList.toggle("tdl-lit", Boolean(isOfIt) && isOn(plot, wish, event));
    }
  }
}

// What acts on this page; made where it is asked for first.
export function actingText(come = () => false) {
  return (page.acting ??= new Acting(come));
}
