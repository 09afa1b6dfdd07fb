// A line to a kernel: messages of its widgets, by Jupyter's protocol for websockets (v1), without jupyter-widgets.

const PROTOCOL = "v1.kernel.websocket.jupyter.org";
const AGAIN_MS = 1000;
const MOST_AGAIN_MS = 15000;

const newId = () => crypto.getRandomValues(new Uint32Array(4)).join("-");

// A message as it goes over the wire: how many offsets, the offsets (8 bytes each), then channel, header, parent,
// metadata, content and buffers.
export function packed({ channel, header, parent_header = {}, metadata = {}, content, buffers = [] }) {
  const text = new TextEncoder();
  const parts = [channel, ...[header, parent_header, metadata, content].map((part) => JSON.stringify(part))];
  const bytes = [...parts.map((part) => text.encode(part)), ...buffers.map((buffer) => new Uint8Array(buffer))];
  const offsets = [8 * (bytes.length + 2)];
  for (const part of bytes) offsets.push(offsets.at(-1) + part.length);
  const whole = new Uint8Array(offsets.at(-1));
  const view = new DataView(whole.buffer);
  [offsets.length, ...offsets].forEach((number, place) => view.setBigUint64(8 * place, BigInt(number), true));
  bytes.forEach((part, place) => whole.set(part, offsets[place]));
  return whole.buffer;
}

export function unpacked(data) {
  const view = new DataView(data);
  const count = Number(view.getBigUint64(0, true));
  const offsets = Array.from({ length: count }, (_, place) => Number(view.getBigUint64(8 * (place + 1), true)));
  const part = (place) => data.slice(offsets[place], offsets[place + 1]);
  const text = new TextDecoder();
  const [channel, ...rest] = [0, 1, 2, 3, 4].map((place) => text.decode(part(place)));
  const [header, parent_header, metadata, content] = rest.map((each) => JSON.parse(each));
  const buffers = Array.from({ length: count - 6 }, (_, place) => new DataView(part(place + 5)));
  return { channel, header, parent_header, metadata, content, buffers };
}

export class KernelLine {
  // `address` is of the kernel's websocket; `onComm(id, data, buffers)` is told what its widgets say, `onLost()` that
  // the line is broken, which mends itself if it can.
  constructor(address, { onComm, onLost }) {
    Object.assign(this, { address, onComm, onLost, session: newId(), waiting: [], wait: AGAIN_MS, closed: false });
    this.connect();
  }

  connect() {
    const socket = new WebSocket(`${this.address}?session_id=${this.session}`, [PROTOCOL]);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      this.wait = AGAIN_MS;
      this.waiting.splice(0).forEach((message) => socket.send(message));
    });
    socket.addEventListener("message", ({ data }) => this.hear(unpacked(data)));
    socket.addEventListener("close", () => {
      if (this.closed) return;
      this.onLost();
      setTimeout(() => this.closed || this.connect(), this.wait);
      this.wait = Math.min(2 * this.wait, MOST_AGAIN_MS);
    });
    this.socket = socket;
  }

  hear({ header, content, buffers }) {
    if (header.msg_type === "comm_msg") this.onComm(content.comm_id, content.data, buffers);
  }

  // Tell a widget something; what cannot go now goes when the line is there again.
  tell(id, data) {
    const header = {
      msg_id: newId(),
      msg_type: "comm_msg",
      username: "",
      session: this.session,
      date: new Date().toISOString(),
      version: "5.3",
    };
    const message = packed({ channel: "shell", header, content: { comm_id: id, data } });
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(message);
    else this.waiting.push(message);
  }

  close() {
    this.closed = true;
    this.socket.close();
  }
}
