// A widget's model on a page of its own: what jupyter-widgets gives a module, without a kernel behind it.

export class LocalModel {
  // `receive(message)` gets what the view sends.
  constructor(state, receive = () => {}) {
    Object.assign(this, { state, receive, listeners: new Map(), widget_manager: null });
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    if (JSON.stringify(this.state[name]) === JSON.stringify(value)) return;
    this.state[name] = value;
    this.emit(`change:${name}`);
    this.emit("change");
  }

  on(event, listener) {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event).add(listener);
  }

  off(event, listener) {
    this.listeners.get(event)?.delete(listener);
  }

  emit(event, ...content) {
    // Those that listen now: who joins or leaves meanwhile is for the next time.
    Array.from(this.listeners.get(event) ?? []).forEach((listener) => listener(...content));
  }

  // From the view. Answered a moment later, as everywhere: who asks is ready for an answer then.
  send(message) {
    queueMicrotask(() => this.receive(message));
  }

  // To all views.
  tell(message, buffers = []) {
    this.emit("msg:custom", message, buffers);
  }
}
