// The lanes of a lab, each a name with its colour: chosen, renamed, removed here.

import { labButton } from "./button.js";
import { make } from "./dom.js";
import { LaneLight } from "./lane_light.js";

export class LaneChips {
  // `command(name, content)` asks for something.
  constructor(element, command) {
    Object.assign(this, { element, command, renaming: false, state: [[]] });
    this.light = new LaneLight(element, () => this.state[0].map(({ colour }) => colour));
  }

  show(lanes, selected, mostLanes) {
    this.state = [lanes, selected, mostLanes];
    if (this.renaming) return;
    const chips = lanes.map((lane, index) => this.chip(lane, index, index === selected, lanes.length));
    const add = labButton("+ compare", "Add a lane: a copy of this one, to change one thing in", () =>
      this.command("add_lane"),
    );
    add.disabled = lanes.length >= mostLanes;
    const focused = [...this.element.children].findIndex((chip) => chip.matches(":has(.tdl-chip-name:focus-visible)"));
    this.element.replaceChildren(...chips, add);
    chips[focused]?.querySelector(".tdl-chip-name").focus(); // who chooses by keys goes on from there
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
      const remove = labButton(
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
      this.show(...this.state);
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
}
