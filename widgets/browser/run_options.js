// How fast a run goes, when it stops by itself, and where it is computed.

import { LONGEST_NUMBER, newId } from "./control.js";
import { isBeingTyped, make, showText } from "./dom.js";
import { rounded } from "./numbers.js";

const FASTEST = 101;

export class RunOptions {
  // `command(name, content)` asks for something, `sendSoon` for the last of many.
  constructor(element, devices, { command, sendSoon }) {
    const speedId = newId();
    this.speed = make("input", { id: speedId, type: "range", min: 0, max: FASTEST, step: 1 });
    this.speedText = make("output", { htmlFor: speedId });
    this.speed.addEventListener("input", () => {
      const position = Number(this.speed.value);
      const value = position >= FASTEST ? "fastest" : Number((10 ** (position / 33.3)).toPrecision(2));
      this.showSpeed(value);
      sendSoon("speed", { value });
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
      command("stop_below", { value: this.stopBelow.value.slice(0, LONGEST_NUMBER) });
    });
    const restartId = newId();
    this.restart = make("input", { id: restartId, type: "checkbox" });
    this.restart.addEventListener("change", () => command("restart_on_change", { value: this.restart.checked }));
    element.append(
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
    this.device = null;
    if (devices.length > 1) {
      const deviceId = newId();
      this.device = make("select", { id: deviceId }, ...devices.map((name) => make("option", { value: name }, name)));
      this.device.addEventListener("change", () => command("device", { value: this.device.value }));
      element.append(
        make("div", { className: "tdl-control" }, make("label", { htmlFor: deviceId }, "device"), this.device),
      );
    }
  }

  show({ speed, restart, device, stop_below: stopBelow }) {
    if (!this.speed.matches(":active")) {
      this.speed.value = speed === "fastest" ? FASTEST : Math.round(33.3 * Math.log10(speed));
      this.showSpeed(speed);
    }
    this.restart.checked = restart;
    if (this.stopBelow !== document.activeElement) this.showStopBelow(stopBelow);
    if (this.device) this.device.value = device;
  }

  showStopBelow(loss) {
    if (!isBeingTyped(this.stopBelow)) showText(this.stopBelow, loss ?? "");
  }

  showSpeed(value) {
    this.speedText.textContent = value === "fastest" ? "as fast as it goes" : `${rounded(value)} steps/s`;
    this.speed.setAttribute("aria-valuetext", this.speedText.textContent);
  }
}
