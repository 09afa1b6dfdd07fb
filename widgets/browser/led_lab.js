// A lab as one sees it who leads the page: it gives its run as a link, opens another's, and can be held.

import { present } from "./presented.js";
import { tell } from "./telling.js";

// Commands that let a run move.
export const MOVES = new Set(["play", "step"]);
const LINK_MS = 60000; // a kernel may have to come first

export class LedLab {
  constructor(panel, model) {
    Object.assign(this, { kind: "lab", panel, element: panel.element, wanted: null });
    this.name = model.get("options").name;
    this.title = model.get("title");
    this.compares = model.get("options").compare;
    this.close = present(this);
  }

  get chosen() {
    const { model } = this.panel;
    return model.get("lanes")[model.get("selected")]?.name ?? "";
  }

  hold(sentence) {
    if ((this.sentence ?? "") === sentence) return;
    this.sentence = sentence;
    this.panel.hold(sentence);
  }

  // The query of a link to the run as it is now.
  link() {
    return new Promise((resolve, reject) => {
      this.wanted?.reject(new Error("It was asked for again."));
      const wanted = { resolve, reject };
      this.wanted = wanted;
      setTimeout(() => {
        if (this.wanted === wanted) this.wanted = null; // what comes later is of who presses "Copy link"
        reject(new Error("The lab did not answer; press Play once, then try again."));
      }, LINK_MS);
      this.panel.command("share");
    });
  }

  // The same with the chosen lane alone.
  async laneLink() {
    const held = JSON.parse(new URLSearchParams(await this.link()).get(this.name));
    const lane = this.panel.model.get("selected");
    const of = (each) => (each?.length ? [each[lane]] : []);
    const changes = (held.changes ?? [])
      .filter(([, changed]) => changed === lane)
      .map(([step, , field, value]) => [step, 0, field, value]);
    const alone = { ...held, names: of(held.names), lanes: of(held.lanes), says: of(held.says), changes };
    return String(new URLSearchParams({ [this.name]: JSON.stringify(alone) }));
  }

  // How the run goes, in a few numbers: loss, step, steps and a link's query.
  glimpse() {
    return new Promise((resolve) => {
      this.glimpsed = resolve;
      tell(this.panel.model, { do: "glimpse" });
    });
  }

  // Returns whether a link was waited for here; else the person who pressed "Copy link" gets it.
  take({ query }) {
    const { wanted } = this;
    this.wanted = null;
    wanted?.resolve(query);
    return wanted !== null;
  }

  // Trains the runs that many have handed in; `onClass(message)` hears how it goes.
  gather(searches) {
    this.panel.command("gather", { searches });
  }

  hear(message) {
    if (message.type === "glimpse") this.glimpsed?.(message);
    else this.onClass?.(message);
  }

  // Opens the run that a link holds, in place of what is there.
  open(query) {
    this.panel.command("open_run", { search: `?${query}` });
  }
}
