// The browser's end of control_panel.py: shows the traits, sends commands.

import { actingText } from "./acting.js";
import { labButton } from "./button.js";
import { make } from "./dom.js";
import { glow, Opening } from "./first_move.js";
import { Goals } from "./goals.js";
import { LaneChips } from "./lane_chips.js";
import { rounded } from "./numbers.js";
import { LedLab, MOVES } from "./led_lab.js";
import { keepPlainKeys } from "./plain_keys.js";
import { Presence } from "./presence.js";
import { lookAfterOutputs } from "./revival.js";
import { RunOptions } from "./run_options.js";
import { SettingsShown } from "./settings_shown.js";
import { Sharing } from "./sharing.js";
import { Situations } from "./situations.js";
import { hearKernel } from "./telling.js";

const SEND_EVERY_MS = 40;
// Whoever presses a button aimed at it this long before.
const AIM_MS = 500;

class Panel {
  constructor(model, element) {
    Object.assign(this, {
      model,
      element,
      waiting: new Map(),
      running: false,
      touched: false,
      isOpening: false,
      held: false,
    });
    element.classList.add("tdl-panel");
    this.build();
    this.presence = new Presence(
      model,
      () => this.running,
      () => this.showTransport(),
    );
    this.buildTransport();
    this.buildFields();
    this.buildPresets();
    this.buildGoals();
    this.showLanes();
    this.showTransport();
    this.showRefusal();
    this.listeners = [
      ["change:fields", () => this.buildFields()],
      ["change:presets", () => this.buildPresets()],
      ["change:goals", () => this.buildGoals()],
      ["change:reached", () => this.goals.show(model.get("reached"))],
      ["change:preset", () => this.situations.show(model.get("preset"))],
      ["change:has_own", () => this.situations.offerBack(model.get("has_own"))],
      ["change:lanes", () => this.showLanes()],
      ["change:selected", () => this.showLanes(true)],
      ["change:transport", () => this.showTransport()],
      ["change:refusal", () => this.showRefusal()],
      ["msg:custom", (message) => message.type === "refresh" && this.refresh(message.box)],
      [
        "msg:custom",
        (message) => message.type === "shared" && (this.led.take(message) || this.sharing.showLink(message)),
      ],
      [
        "msg:custom",
        (message) => ["gathered", "class_run", "glimpse"].includes(message.type) && this.led.hear(message),
      ],
      ["msg:custom", (message, buffers) => message.type === "file" && this.sharing.download(message, buffers)],
    ];
    for (const [name, listener] of this.listeners) model.on(name, listener);
    this.led = new LedLab(this, model);
    this.openLink();
    this.opening = new Opening(this.parts.transport, {
      run: () => model.get("transport"),
      isTouched: () => this.touched || this.held || !model.get("options").opens,
      move: (step) => {
        this.command("go_to", { step, opening: true });
        this.isOpening = true;
      },
    });
  }

  // Situations and goals are above figures and controls; the rest is a box beside or under the figures.
  build() {
    const group = (className, label) => {
      const part = make("div", { className, role: "group" });
      part.setAttribute("aria-label", label);
      return part;
    };
    const { name: lab, compare, devices = [] } = this.model.get("options");
    this.element.dataset.lab = lab; // for what is not a lab's, as a page's guide
    const presets = group("tdl-presets", "Presets");
    const goals = group("tdl-goals", "Goals");
    this.parts = {
      transport: group("tdl-transport", "Run"),
      status: make("div", { className: "tdl-status" }),
      refusal: make("p", { className: "tdl-refusal", role: "alert" }),
      lanes: group("tdl-lanes", "Lanes to compare"),
      controls: group("tdl-controls", "Settings"),
      run: make("details", { className: "tdl-run" }),
      share: make("details", { className: "tdl-run tdl-share" }),
    };
    this.element.append(presets, goals, make("div", { className: "tdl-console" }, ...Object.values(this.parts)));
    const asks = {
      command: (name, content) => this.command(name, content),
      sendSoon: (name, content) => this.sendSoon(name, content),
      selected: () => this.model.get("selected"),
    };
    this.situations = new Situations(presets, {
      choose: (index) => this.command("preset", { index }),
      goBack: () => this.command("back_to_own"),
    });
    this.goals = new Goals(goals);
    this.chips = new LaneChips(this.parts.lanes, asks.command);
    this.settings = new SettingsShown(this.parts.controls, (field, value) =>
      this.sendSoon("set", { field, value, lane: this.model.get("selected") }),
    );
    this.runOptions = new RunOptions(this.parts.run, devices, asks);
    this.sharing = new Sharing(this.parts.share, compare, asks);
  }

  close() {
    this.led.close();
    this.opening.close();
    this.situations.close();
    this.presence.close();
    for (const [name, listener] of this.listeners) this.model.off(name, listener);
  }

  command(name, content = {}) {
    if (this.held && MOVES.has(name)) return;
    this.touched = true;
    this.isOpening = false;
    this.presence.command({ do: name, ...content });
  }

  // While it is held, nothing moves; the sentence says why. An empty one lets it go.
  hold(sentence) {
    if (sentence && this.running) this.command("pause");
    this.held = Boolean(sentence);
    this.heldLine ??= make("p", { className: "tdl-held", role: "status" });
    this.heldLine.textContent = sentence;
    if (sentence) this.parts.status.before(this.heldLine);
    else this.heldLine.remove();
    this.showTransport();
  }

  // "Play" that a lab turns into "Pause" under somebody's hand, as it begins to move by itself, is still meant to play.
  playOrPause() {
    const wasPlay = this.isOpening && performance.now() - this.runningSince < AIM_MS;
    this.command(this.running && !wasPlay ? "pause" : "play");
  }

  // The first change goes at once, those that follow within 40 ms as one.
  sendSoon(name, content) {
    const key = `${name} ${content.field ?? ""}`;
    const known = this.waiting.get(key);
    if (known) {
      known.content = content;
      return;
    }
    const entry = { content: null };
    this.waiting.set(key, entry);
    this.command(name, content);
    setTimeout(() => {
      this.waiting.delete(key);
      if (entry.content) this.sendSoon(name, entry.content);
    }, SEND_EVERY_MS);
  }

  buildTransport() {
    const { seed } = this.model.get("options");
    this.playButton = labButton("▶ Play", "Play or pause", () => this.playOrPause(), "tdl-play");
    this.stepButton = labButton("Step", "One update", () => this.command("step"));
    this.resetButton = labButton("Reset", "Back to the same start", () => this.command("reset"));
    this.parts.transport.append(this.playButton, this.stepButton, this.resetButton);
    this.seedButton = labButton("New seed", "Other random numbers", () => this.command("new_seed"));
    if (seed) this.parts.transport.append(this.seedButton);
    this.progress = make("progress", { max: 1, value: 0, "aria-label": "Progress of the run" });
    this.statusText = make("span", { role: "status" });
    this.parts.status.append(this.progress, this.statusText);
  }

  // The address of a Voilà page may hold a state for this lab: the kernel looks.
  openLink() {
    const { search } = window.location;
    if (!document.body.dataset.voila || search.length < 2) return;
    this.presence.command({ do: "open_link", search: search.slice(0, 30000) });
    if (!new URLSearchParams(search).has(this.model.get("options").name)) return;
    this.touched = true;
    setTimeout(() => this.parts.transport.scrollIntoView({ block: "center" }), 800);
  }

  showTransport() {
    const { state, step, steps, left, rate, device } = this.model.get("transport");
    if (state === undefined) return;
    if (state === "running" && !this.running) this.runningSince = performance.now();
    this.running = state === "running";
    this.element.dataset.state = state;
    this.playButton.textContent = this.running ? "❚❚ Pause" : "▶ Play";
    this.stepButton.disabled = this.held || state === "finished" || state === "failed";
    this.playButton.disabled = this.held;
    this.progress.value = steps ? step / steps : 0;
    const pace = this.running && rate ? `, ${rounded(rate < 10 ? rate : Math.round(rate))} steps/s` : "";
    const time = this.running && left ? `, ${left < 1 ? "under 1 s" : `${Math.round(left)} s`} left` : "";
    // While it runs, a screen reader is not told every step; it is told how the run ended.
    this.statusText.setAttribute("aria-live", this.running ? "off" : "polite");
    this.statusText.textContent = `${state}: step ${step} of ${steps}${pace}${time} · ${device}`;
    this.statusText.dataset.step = String(step);
    if (this.presence.trouble) this.showTrouble(`step ${step} of ${steps}`);
    this.runOptions.show(this.model.get("transport"));
  }

  // Nothing that was shown before holds any more, but what has been computed stays.
  showTrouble(last) {
    const { trouble, isGone } = this.presence;
    this.statusText.setAttribute("aria-live", "polite");
    this.statusText.textContent = isGone ? trouble : `${trouble}; the last was ${last}`;
    if (!isGone) return;
    this.running = false;
    this.element.dataset.state = "gone";
    this.playButton.textContent = "▶ Play";
    for (const input of this.element.querySelectorAll("button, input, select")) input.disabled = true;
  }

  buildPresets() {
    this.situations.build(this.model.get("presets"));
    this.situations.show(this.model.get("preset"));
    this.situations.offerBack(this.model.get("has_own"));
  }

  buildGoals() {
    this.goals.build(this.model.get("goals") ?? [], this.model.get("options").name);
    this.goals.show(this.model.get("reached"));
  }

  buildFields() {
    this.settings.build(this.model.get("fields"));
    this.showValues(true);
    const [first] = this.settings.controls;
    if (first) glow(first.element, this.model.get("options").name);
  }

  // `force`: see `SettingsShown.show`.
  showValues(force = false) {
    const lane = this.model.get("lanes")[this.model.get("selected")];
    if (lane) this.settings.show(lane, force);
  }

  // Shows in a box what holds now, whatever was entered; what is being typed since is the next question.
  refresh(box) {
    if (box === "stop_below") this.runOptions.showStopBelow(this.model.get("transport").stop_below);
    else this.showValues(box || true);
  }

  // `force`: another lane has other values, whatever this one was asked for.
  showLanes(force = false) {
    // Where nothing is random, another seed is no other run.
    this.seedButton.disabled = this.model.get("lanes").every(({ idle = [] }) => idle.includes("seed"));
    const { compare, most_lanes: mostLanes } = this.model.get("options");
    if (compare) this.chips.show(this.model.get("lanes"), this.model.get("selected"), mostLanes);
    this.showValues(force);
  }

  // A refused value: one sentence under its box, which is unfolded, or under the transport if it belongs to none.
  showRefusal() {
    const { field = "", text = "" } = this.model.get("refusal");
    const { toStep } = this.sharing;
    const boxes = { stop_below: this.runOptions.stopBelow, go_to: toStep, fork: toStep };
    const home = this.settings.named(field)?.element ?? boxes[field]?.parentElement;
    this.parts.refusal.textContent = text;
    if (home) home.append(this.parts.refusal);
    else this.parts.status.after(this.parts.refusal);
    if (!text) return;
    const fold = home?.closest("details");
    if (fold) fold.open = true;
    this.refresh(field);
  }
}

function render({ model, el }) {
  const panel = new Panel(model, el);
  const release = keepPlainKeys(el);
  el.setAttribute("role", "region");
  el.setAttribute("aria-label", `${model.get("title")}, controls`);
  const takeBack = actingText().offer(panel);
  return () => {
    takeBack();
    release();
    panel.close();
  };
}

// Not awaited: a model hears nothing before its module has been initialized.
function initialize({ model }) {
  hearKernel(model);
  lookAfterOutputs(model.widget_manager);
}

export default { initialize, render };
