// The way back in a run, links to it, and files of it.

import { labButton } from "./button.js";
import { LONGEST_NUMBER, newId } from "./control.js";
import { make } from "./dom.js";
import { unzip } from "./unzip.js";

export class Sharing {
  // `command(name, content)` asks for something; `selected()` is the chosen lane, `compare` whether lanes may be added.
  constructor(element, compare, { command, selected }) {
    const stepId = newId();
    this.toStep = make("input", {
      id: stepId,
      type: "text",
      inputMode: "numeric",
      className: "tdl-number",
      value: "0",
    });
    const step = () => this.toStep.value.slice(0, LONGEST_NUMBER);
    const go = (name, content = {}) => command(name, { step: step(), ...content });
    this.toStep.addEventListener("keydown", (event) => event.key === "Enter" && go("go_to"));
    const back = labButton("Go to step", "Replay the run up to this step and wait there", () => go("go_to"));
    const fork = labButton("Fork here", "Go to this step with one more lane that has the chosen lane's past", () =>
      go("fork", { lane: selected() }),
    );
    const copy = labButton("Copy link", "A link to this lab in this state", () => command("share"));
    const save = (label, title, kind) =>
      labButton(label, title, () => {
        this.told.textContent = "The file is made …";
        command("save", { kind, lane: selected() });
      });
    this.link = make("input", {
      type: "text",
      readOnly: true,
      className: "tdl-link",
      hidden: true,
      "aria-label": "Link to this lab",
    });
    this.told = make("p", { className: "tdl-told", role: "status" });
    element.append(
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
}
