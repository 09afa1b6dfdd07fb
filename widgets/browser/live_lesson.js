// The lesson of a page, live: a kernel of its own that runs the same notebook.

import { KernelLine } from "./kernel_line.js";

const OUTPUT = "application/vnd.voila.cell-output+json";
const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";
const ASK_MS = 15000;

export class LiveLesson {
  // `address` is of the lesson as the server makes it with a kernel.
  constructor(address) {
    Object.assign(this, { address, states: new Map(), asked: new Map(), listeners: new Map() });
    // Rejects once the kernel is gone, for whoever waits for a word of it.
    this.ended = new Promise((_, reject) => (this.fail = reject));
    this.ended.catch(() => {});
    this.opened = this.open();
  }

  async open() {
    const answer = await fetch(this.address, { cache: "no-store" });
    if (answer.status === 503) throw new Error("all seats are taken; try again in a moment");
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const { baseUrl, kernelId } = JSON.parse(page.getElementById("jupyter-config-data").textContent);
    const outputs = [...page.querySelectorAll(`script[type="${OUTPUT}"]`)].map(({ textContent }) =>
      JSON.parse(textContent),
    );
    this.shown = outputs.map(({ data }) => data?.[WIDGET_VIEW]?.model_id).filter(Boolean);
    const id = encodeURIComponent(kernelId);
    this.kernel = `${baseUrl}api/kernels/${id}`;
    this.goodbye = `${baseUrl}voila/api/shutdown/${id}`;
    const line = new URL(`${this.kernel}/channels`, location.href);
    line.protocol = line.protocol.replace("http", "ws");
    this.line = new KernelLine(line.href, {
      onComm: (...said) => this.hear(...said),
      onLost: () => this.ask(),
    });
    this.timer = setInterval(() => this.ask(), ASK_MS);
    window.addEventListener("pagehide", () => this.leave(), { once: true });
  }

  // Whether the kernel is still there; a server that does not answer says nothing about it.
  async ask() {
    const answer = await fetch(this.kernel, { cache: "no-store" }).catch(() => null);
    if (answer?.status === 404) this.close();
  }

  leave() {
    navigator.sendBeacon(this.goodbye);
    this.close();
  }

  close() {
    clearInterval(this.timer);
    this.line.close();
    this.fail(new Error("the kernel has ended"));
  }

  hear(id, { method, state, content }, buffers) {
    if (method === "update") {
      this.states.set(id, { ...this.states.get(id), ...state });
      this.asked.get(id)?.(this.states.get(id));
      this.asked.delete(id);
      this.listeners.get(id)?.onState(state);
    } else if (method === "custom") {
      this.listeners.get(id)?.onMessage(content, buffers);
    }
  }

  // The state of a widget.
  state(id) {
    const told = new Promise((resolve) => this.asked.set(id, resolve));
    this.line.tell(id, { method: "request_state" });
    return Promise.race([told, this.ended]);
  }

  // Be told what a widget says: `{ onState(changes), onMessage(content, buffers) }`.
  listen(id, listener) {
    this.listeners.set(id, listener);
  }

  send(id, content) {
    this.line.tell(id, { method: "custom", content });
  }

  // The widgets of the lab that is shown in a place: panel, figures, board and readings.
  async lab(place) {
    await this.opened;
    const [panel, stage] = await this.children(this.shown[place]);
    const [figure, board, readings] = await this.children(stage);
    return { panel, figure, board, readings };
  }

  async children(id) {
    const { children } = await this.state(id);
    return children.map((child) => child.replace("IPY_MODEL_", ""));
  }
}
