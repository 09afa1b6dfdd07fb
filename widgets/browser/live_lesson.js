// The lesson of a page, live: a kernel of its own that runs the same notebook, asked for when it is needed.

import { KernelLine } from "./kernel_line.js";

const OUTPUT = "application/vnd.voila.cell-output+json";
const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";

export class LiveLesson {
  // `address` is of the lesson as the server makes it with a kernel.
  constructor(address) {
    Object.assign(this, { address, states: new Map(), asked: new Map(), listeners: new Map() });
  }

  // Resolves once the kernel has made the lesson; asked for once.
  open() {
    this.opening ??= this.start();
    return this.opening;
  }

  async start() {
    const answer = await fetch(this.address, { cache: "no-store" });
    if (answer.status === 503) throw new Error("All seats are taken; try again in a moment");
    if (!answer.ok) throw new Error(`The server answered ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const { baseUrl, kernelId } = JSON.parse(page.getElementById("jupyter-config-data").textContent);
    const outputs = [...page.querySelectorAll(`script[type="${OUTPUT}"]`)].map(({ textContent }) =>
      JSON.parse(textContent),
    );
    this.shown = outputs.map(({ data }) => data?.[WIDGET_VIEW]?.model_id).filter(Boolean);
    const kernel = `${baseUrl}api/kernels/${encodeURIComponent(kernelId)}/channels`;
    const line = new URL(kernel, location.href);
    line.protocol = line.protocol.replace("http", "ws");
    this.line = new KernelLine(line.href, (id, data, buffers) => this.hear(id, data, buffers));
    window.addEventListener("pagehide", () => {
      this.line.close();
      navigator.sendBeacon(`${baseUrl}voila/api/shutdown/${encodeURIComponent(kernelId)}`);
    });
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
    return new Promise((resolve) => {
      this.asked.set(id, resolve);
      this.line.tell(id, { method: "request_state" });
    });
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
    await this.open();
    const [panel, stage] = await this.children(this.shown[place]);
    const [figure, board, readings] = await this.children(stage);
    return { panel, figure, board, readings };
  }

  async children(id) {
    const { children } = await this.state(id);
    return children.map((child) => child.replace("IPY_MODEL_", ""));
  }
}
