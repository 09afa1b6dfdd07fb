// The browser's end of control_panel.py: shows the traits, sends commands.

import { actingText } from "./acting.js";
import { isBeingTyped, make, showText } from "./dom.js";
import { page } from "./page.js";
import { Presence } from "./presence.js";
import { lookAfterOutputs } from "./revival.js";
import { hearKernel } from "./telling.js";
import { unzip } from "./unzip.js";

const SLIDER_STEPS = 1000;
const SEND_EVERY_MS = 40;
const FASTEST = 101;
const LONGEST_NUMBER = 61;
const newId = () => `tdl-control-${(page.ids = (page.ids ?? 0) + 1)}`;

// A number to look at; a box has all digits of the number that holds, and what is typed into it is read by the kernel.
const rounded = (number) => String(Number(number.toPrecision(4)));

// "λ_max" with its index set low.
function symbol(written) {
  const element = make("span", { className: "tdl-symbol" });
  for (const [, base, index] of written.matchAll(/([^_]+?)(?:_(\w+)|(?=$))/g)) {
    element.append(base);
    if (index) element.append(make("sub", {}, index));
  }
  return element;
}

// ---- one control for one setting ----

class Control {
  constructor(field, send) {
    this.field = field;
    this.send = send;
    this.id = newId();
    this.element = make("div", { className: "tdl-control" });
    this.element.dataset.field = field.name;
    const unit = field.unit ? ` (${field.unit})` : "";
    const label = make("label", { htmlFor: this.id, title: this.help() }, `${field.label}${unit} `);
    label.append(symbol(field.symbol));
    this.element.append(label, ...this.inputs());
  }

  help() {
    const when = this.field.hot ? "May be changed while it runs." : "A change starts the run again.";
    return `${this.field.doc} Allowed: ${this.field.allowed}. ${when}`;
  }

  inputs() {
    const { kind, choices, title } = this.field;
    const common = { id: this.id, title: this.help() };
    if (kind === "choice") {
      this.input = make("select", { ...common, onchange: () => this.send(this.input.value) });
      this.input.append(...choices.map((choice) => make("option", { value: choice }, choice)));
      return [this.input];
    }
    if (kind === "flag") {
      this.input = make("input", { ...common, type: "checkbox", onchange: () => this.send(this.input.checked) });
      return [this.input];
    }
    this.slider = make("input", {
      ...common,
      type: "range",
      ...this.range(),
      oninput: () => this.slid(),
      onchange: () => this.slid(),
    });
    this.text = make("input", {
      type: "text",
      inputMode: "decimal",
      className: "tdl-number",
      "aria-label": `${title}, typed`,
      title: this.help(),
      onchange: () => this.typed(),
    });
    return [this.text, this.slider];
  }

  range() {
    const { scale, slider_low: low, slider_high: high, kind, slider_step: step } = this.field;
    if (scale === "log") return { min: 0, max: SLIDER_STEPS, step: 1 };
    return { min: low, max: high, step: step ?? (kind === "integer" ? 1 : (high - low) / SLIDER_STEPS) };
  }

  toSlider(value) {
    const { scale, slider_low: low, slider_high: high } = this.field;
    if (scale !== "log") return value;
    return (SLIDER_STEPS * Math.log(value / low)) / Math.log(high / low);
  }

  fromSlider(position) {
    const { scale, slider_low: low, slider_high: high, kind } = this.field;
    let value = position;
    if (scale === "log") value = Number((low * (high / low) ** (position / SLIDER_STEPS)).toPrecision(3));
    return kind === "integer" ? Math.round(value) : Number(value.toPrecision(10));
  }

  slid() {
    const value = this.fromSlider(Number(this.slider.value));
    this.write(value);
    this.send(value);
  }

  typed() {
    this.text.defaultValue = this.text.value;
    this.send(this.text.value.slice(0, LONGEST_NUMBER));
  }

  write(value) {
    const shown = String(value);
    showText(this.text, shown);
    const { length } = shown;
    this.text.style.minWidth = length > 8 ? `${1.1 * length + 3}ch` : ""; // no digit is hidden
    this.slider.setAttribute("aria-valuetext", String(value));
  }

  // While a finger is on it or a number is being typed, the control is the person's; `force`: not for the finger.
  show(value, force = false) {
    if (this.field.kind === "choice") this.input.value = value;
    else if (this.field.kind === "flag") this.input.checked = value;
    else if (!isBeingTyped(this.text) && (force || !this.slider.matches(":active"))) {
      this.write(value);
      this.slider.value = this.toSlider(value);
    }
  }
}

// ---- the panel ----

class Panel {
  constructor(model, element) {
    this.model = model;
    this.element = element;
    this.waiting = new Map();
    element.classList.add("tdl-panel");
    this.parts = {
      transport: make("div", { className: "tdl-transport", role: "group" }),
      status: make("div", { className: "tdl-status" }),
      refusal: make("p", { className: "tdl-refusal", role: "alert" }),
      presets: make("div", { className: "tdl-presets", role: "group" }),
      lanes: make("div", { className: "tdl-lanes", role: "group" }),
      controls: make("div", { className: "tdl-controls", role: "group" }),
      run: make("details", { className: "tdl-run" }),
      share: make("details", { className: "tdl-run tdl-share" }),
    };
    this.parts.transport.setAttribute("aria-label", "Run");
    this.parts.presets.setAttribute("aria-label", "Presets");
    this.parts.lanes.setAttribute("aria-label", "Lanes to compare");
    this.parts.controls.setAttribute("aria-label", "Settings");
    element.append(...Object.values(this.parts));
    this.running = false;
    this.presence = new Presence(
      model,
      () => this.running,
      () => this.showTransport(),
    );
    this.buildTransport();
    this.buildRun();
    this.buildShare();
    this.buildFields();
    this.buildPresets();
    this.showLanes();
    this.showTransport();
    this.showRefusal();
    this.listeners = [
      ["change:fields", () => this.buildFields()],
      ["change:presets", () => this.buildPresets()],
      ["change:preset", () => this.showPreset()],
      ["change:lanes", () => this.showLanes()],
      ["change:selected", () => this.showLanes()],
      ["change:transport", () => this.showTransport()],
      ["change:refusal", () => this.showRefusal()],
      ["msg:custom", (message) => message.type === "refresh" && this.refresh(message.box)],
      ["msg:custom", (message) => message.type === "shared" && this.showLink(message)],
      ["msg:custom", (message, buffers) => message.type === "file" && this.download(message, buffers)],
    ];
    for (const [name, listener] of this.listeners) model.on(name, listener);
    this.openLink();
  }

  close() {
    this.presence.close();
    for (const [name, listener] of this.listeners) this.model.off(name, listener);
  }

  command(name, content = {}) {
    this.presence.command({ do: name, ...content });
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

  button(label, title, action, className = "") {
    return make("button", { type: "button", className: `tdl-button ${className}`, title, onclick: action }, label);
  }

  buildTransport() {
    const { seed } = this.model.get("options");
    this.playButton = this.button(
      "▶ Play",
      "Play or pause",
      () => this.command(this.running ? "pause" : "play"),
      "tdl-play",
    );
    this.stepButton = this.button("Step", "One update", () => this.command("step"));
    this.resetButton = this.button("Reset", "Back to the same start", () => this.command("reset"));
    this.parts.transport.append(this.playButton, this.stepButton, this.resetButton);
    if (seed)
      this.parts.transport.append(this.button("New seed", "Other random weights", () => this.command("new_seed")));
    this.progress = make("progress", { max: 1, value: 0, "aria-label": "Progress of the run" });
    this.statusText = make("span", { role: "status" });
    this.parts.status.append(this.progress, this.statusText);
  }

  buildRun() {
    const speedId = newId();
    this.speed = make("input", { id: speedId, type: "range", min: 0, max: FASTEST, step: 1 });
    this.speedText = make("output", { htmlFor: speedId });
    this.speed.addEventListener("input", () => {
      const position = Number(this.speed.value);
      const value = position >= FASTEST ? "fastest" : Number((10 ** (position / 33.3)).toPrecision(2));
      this.showSpeed(value);
      this.sendSoon("speed", { value });
    });
    const stopId = newId();
    this.stopBelow = make("input", {
      id: stopId,
      type: "text",
      inputMode: "decimal",
      className: "tdl-number",
      placeholder: "never",
    });
    this.stopBelow.addEventListener("change", () => {
      this.stopBelow.defaultValue = this.stopBelow.value;
      this.command("stop_below", { value: this.stopBelow.value.slice(0, LONGEST_NUMBER) });
    });
    const restartId = newId();
    this.restart = make("input", { id: restartId, type: "checkbox" });
    this.restart.addEventListener("change", () => this.command("restart_on_change", { value: this.restart.checked }));
    this.parts.run.append(
      make("summary", {}, "Speed and stopping"),
      make(
        "div",
        { className: "tdl-control" },
        make("label", { htmlFor: speedId }, "speed"),
        this.speedText,
        this.speed,
      ),
      make(
        "div",
        { className: "tdl-control" },
        make("label", { htmlFor: stopId }, "stop when loss is below"),
        this.stopBelow,
      ),
      make(
        "div",
        { className: "tdl-control tdl-flag" },
        this.restart,
        make("label", { htmlFor: restartId }, "every change starts the run again"),
      ),
    );
    const { devices = [] } = this.model.get("options");
    this.device = null;
    if (devices.length > 1) {
      const deviceId = newId();
      this.device = make("select", { id: deviceId }, ...devices.map((name) => make("option", { value: name }, name)));
      this.device.addEventListener("change", () => this.command("device", { value: this.device.value }));
      this.parts.run.append(
        make("div", { className: "tdl-control" }, make("label", { htmlFor: deviceId }, "device"), this.device),
      );
    }
  }

  buildShare() {
    const { compare } = this.model.get("options");
    const stepId = newId();
    this.toStep = make("input", {
      id: stepId,
      type: "text",
      inputMode: "numeric",
      className: "tdl-number",
      value: "0",
    });
    const step = () => this.toStep.value.slice(0, LONGEST_NUMBER);
    const go = (command, content = {}) => this.command(command, { step: step(), ...content });
    this.toStep.addEventListener("keydown", (event) => event.key === "Enter" && go("go_to"));
    const back = this.button("Go to step", "Replay the run up to this step and wait there", () => go("go_to"));
    const fork = this.button("Fork here", "Go to this step with one more lane that has the chosen lane's past", () =>
      go("fork", { lane: this.model.get("selected") }),
    );
    const copy = this.button("Copy link", "A link to this lab in this state", () => this.command("share"));
    const save = (label, title, kind) =>
      this.button(label, title, () => {
        this.told.textContent = "The file is made …";
        this.command("save", { kind, lane: this.model.get("selected") });
      });
    this.link = make("input", {
      type: "text",
      readOnly: true,
      className: "tdl-link",
      hidden: true,
      "aria-label": "Link to this lab",
    });
    this.told = make("p", { className: "tdl-told", role: "status" });
    this.parts.share.append(
      make("summary", {}, "Rewind, share and save"),
      make("div", { className: "tdl-control" }, make("label", { htmlFor: stepId }, "step"), this.toStep),
      make("div", { className: "tdl-transport" }, back, ...(compare ? [fork] : []), copy),
      this.link,
      this.told,
      make(
        "div",
        { className: "tdl-transport" },
        save("CSV", "All measured numbers, with the settings in the header", "csv"),
        save("Web page", "The figures as a page that opens anywhere, also offline", "html"),
        ...(compare ? [save("PyTorch script", "The chosen lane as a script that needs torch alone", "script")] : []),
      ),
    );
  }

  async download({ name, mime }, buffers) {
    try {
      const url = URL.createObjectURL(new Blob([await unzip(buffers[0]).blob()], { type: mime }));
      make("a", { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
      this.told.textContent = `${name} is saved where this browser keeps downloads.`;
    } catch (error) {
      this.told.textContent = `${name} could not be saved. ${error.message}`;
    }
  }

  // In Voilà a link; in a notebook, whose page cannot be sent, the line of Python that opens the same lab.
  showLink({ query, python }) {
    const { origin, pathname } = window.location;
    this.link.value = document.body.dataset.voila ? `${origin}${pathname}?${query}` : python;
    this.link.hidden = false;
    this.link.focus();
    this.link.select();
    this.told.textContent = "";
    this.copied().then((copied) => {
      this.told.textContent = copied
        ? "Copied."
        : "The browser does not let this page copy: press Ctrl+C, on a Mac ⌘C. The text is selected.";
    });
  }

  // What is selected in the link's box, put into the clipboard; false if the browser refuses. Without TLS it has the
  // older way only.
  async copied() {
    try {
      await navigator.clipboard.writeText(this.link.value);
      return true;
    } catch {
      return document.activeElement === this.link && document.execCommand("copy");
    }
  }

  // The address of a Voilà page may hold a state for this lab: the kernel looks.
  openLink() {
    const { search } = window.location;
    if (!document.body.dataset.voila || search.length < 2) return;
    this.command("open_link", { search: search.slice(0, 30000) });
    if (new URLSearchParams(search).has(this.model.get("options").name)) {
      setTimeout(() => this.element.scrollIntoView({ block: "center" }), 800);
    }
  }

  showSpeed(value) {
    this.speedText.textContent = value === "fastest" ? "as fast as it goes" : `${rounded(value)} steps/s`;
    this.speed.setAttribute("aria-valuetext", this.speedText.textContent);
  }

  showTransport() {
    const { state, step, steps, left, rate, speed, restart, device } = this.model.get("transport");
    if (state === undefined) return;
    this.running = state === "running";
    this.element.dataset.state = state;
    this.playButton.textContent = this.running ? "❚❚ Pause" : "▶ Play";
    this.stepButton.disabled = state === "finished" || state === "failed";
    this.progress.value = steps ? step / steps : 0;
    const pace = this.running && rate ? `, ${rounded(Math.round(rate))} steps/s` : "";
    const time = this.running && left ? `, ${left < 1 ? "under 1 s" : `${Math.round(left)} s`} left` : "";
    // While it runs, a screen reader is not told every step; it is told how the run ended.
    this.statusText.setAttribute("aria-live", this.running ? "off" : "polite");
    this.statusText.textContent = `${state}: step ${step} of ${steps}${pace}${time} · ${device}`;
    this.statusText.dataset.step = String(step);
    if (this.presence.trouble) this.showTrouble(`step ${step} of ${steps}`);
    if (!this.speed.matches(":active")) {
      this.speed.value = speed === "fastest" ? FASTEST : Math.round(33.3 * Math.log10(speed));
      this.showSpeed(speed);
    }
    this.restart.checked = restart;
    if (this.stopBelow !== document.activeElement) this.showStopBelow();
    if (this.device) this.device.value = device;
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

  showStopBelow() {
    if (!isBeingTyped(this.stopBelow)) showText(this.stopBelow, this.model.get("transport").stop_below ?? "");
  }

  buildPresets() {
    const presets = this.model.get("presets");
    const sentence = make("p", { className: "tdl-preset-sentence" });
    sentence.setAttribute("aria-live", "polite");
    const buttons = presets.map((preset, index) =>
      this.button(preset.name, preset.sentence, () => this.command("preset", { index })),
    );
    this.parts.presets.replaceChildren(
      ...(presets.length ? [make("span", { className: "tdl-heading" }, "Try"), ...buttons, sentence] : []),
    );
    this.presets = { buttons, sentence };
    this.showPreset();
  }

  // Which one is on the kernel says. Once a setting is changed none is, and the sentence of the last one goes; its place
  // stays, so that no slider moves away under a finger.
  showPreset() {
    const { buttons, sentence } = this.presets;
    const on = this.model.get("preset");
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(index === on)));
    sentence.classList.toggle("tdl-past", on < 0);
    if (on >= 0) sentence.textContent = this.model.get("presets")[on].sentence;
  }

  buildFields() {
    this.controls = this.model
      .get("fields")
      .map(
        (field) =>
          new Control(field, (value) =>
            this.sendSoon("set", { field: field.name, value, lane: this.model.get("selected") }),
          ),
      );
    const [first, more] = [false, true].map((folded) =>
      this.controls.filter((control) => control.field.folded === folded),
    );
    const fold = make("details", { className: "tdl-more" }, make("summary", {}, "More settings"));
    fold.append(make("div", { className: "tdl-controls" }, ...more.map((control) => control.element)));
    this.parts.controls.replaceChildren(...first.map((control) => control.element), ...(more.length ? [fold] : []));
    this.showValues(true);
  }

  // `force`: the setting that gives way though a finger is on its slider; true for all.
  showValues(force = false) {
    const lane = this.model.get("lanes")[this.model.get("selected")];
    if (!lane) return;
    for (const control of this.controls ?? []) {
      control.show(lane.values[control.field.name], force === true || force === control.field.name);
      const off = (lane.idle ?? []).includes(control.field.name);
      control.element.classList.toggle("tdl-idle", off);
    }
  }

  // Shows in a box what holds now, whatever was entered; what is being typed since is the next question.
  refresh(box) {
    if (box === "stop_below") this.showStopBelow();
    else this.showValues(box || true);
  }

  showLanes() {
    const { compare, most_lanes: mostLanes } = this.model.get("options");
    const lanes = this.model.get("lanes");
    const selected = this.model.get("selected");
    if (compare) {
      const chips = lanes.map((lane, index) => this.chip(lane, index, index === selected, lanes.length));
      const add = this.button("+ compare", "Add a lane: a copy of this one, to change one thing in", () =>
        this.command("add_lane"),
      );
      add.disabled = lanes.length >= mostLanes;
      if (!this.renaming) this.parts.lanes.replaceChildren(...chips, add);
    }
    this.showValues();
  }

  chip(lane, index, selected, count) {
    const pick = make(
      "button",
      {
        type: "button",
        className: "tdl-chip-name",
        title: `${lane.name}: choose; double-click or F2 to rename`,
        onclick: () => this.command("select", { lane: index }),
        ondblclick: () => this.rename(chip, lane, index),
        onkeydown: (event) => event.key === "F2" && this.rename(chip, lane, index),
      },
      lane.name,
    );
    pick.setAttribute("aria-pressed", String(selected));
    const dot = make("span", { className: "tdl-dot" });
    dot.style.background = lane.colour;
    const chip = make("span", { className: `tdl-chip${selected ? " tdl-selected" : ""}` }, dot, pick);
    chip.style.borderColor = selected ? lane.colour : "";
    if (lane.status) chip.append(make("span", { className: "tdl-chip-status" }, lane.status));
    if (count > 1) {
      const remove = this.button(
        "×",
        `Remove ${lane.name}`,
        () => this.command("remove_lane", { lane: index }),
        "tdl-remove",
      );
      remove.setAttribute("aria-label", `Remove ${lane.name}`);
      chip.append(remove);
    }
    return chip;
  }

  rename(chip, lane, index) {
    this.renaming = true;
    const done = (keep) => {
      if (!this.renaming) return;
      this.renaming = false;
      if (keep) this.command("rename", { lane: index, name: input.value });
      this.showLanes();
    };
    const input = make("input", {
      type: "text",
      value: lane.name,
      maxLength: 40,
      "aria-label": "Name of the lane",
      onblur: () => done(true),
      onkeydown: (event) => {
        if (event.key === "Enter") done(true);
        if (event.key === "Escape") done(false);
        event.stopPropagation();
      },
    });
    chip.replaceChildren(input);
    input.focus();
    input.select();
  }

  // A refused value: one sentence under its box, or under the transport if it belongs to none.
  showRefusal() {
    const { field = "", text = "" } = this.model.get("refusal");
    const boxes = { stop_below: this.stopBelow, go_to: this.toStep, fork: this.toStep };
    const home = this.controls.find((control) => control.field.name === field)?.element ?? boxes[field]?.parentElement;
    this.parts.refusal.textContent = text;
    if (home) home.append(this.parts.refusal);
    else this.parts.status.after(this.parts.refusal);
    if (text) this.refresh(field);
  }
}

// Letters and arrows typed into the panel are the panel's, not commands of the notebook around it; Ctrl+S and the like
// stay the notebook's. JupyterLab listens on the document while an event descends, and minds this attribute.
function keepPlainKeys(el) {
  const mark = (event) => {
    if (el.contains(event.target)) el.toggleAttribute("data-lm-suppress-shortcuts", !(event.ctrlKey || event.metaKey));
  };
  const stop = (event) => !(event.ctrlKey || event.metaKey) && event.stopPropagation();
  window.addEventListener("keydown", mark, true);
  for (const type of ["keydown", "keypress", "keyup"]) el.addEventListener(type, stop);
  return () => window.removeEventListener("keydown", mark, true);
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
