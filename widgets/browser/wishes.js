// What a lab has been asked for and has not answered yet: until it has, a slider stands where it was put last.

export class Wishes {
  constructor(held) {
    this.forget(held);
  }

  get pending() {
    return this.values.length > 0;
  }

  // What was asked for last, or what the lab has.
  get value() {
    return this.values.at(-1) ?? this.held;
  }

  add(value) {
    this.values.push(value);
  }

  // What the lab has now. Its answers come one by one, and some of what was wished was never sent: an answer is that to
  // the first wish of its value, and to all before it. What nobody wished here was set elsewhere.
  hear(held) {
    if (held === this.held) return;
    const answered = this.values.indexOf(held);
    this.values = answered < 0 ? [] : this.values.slice(answered + 1);
    this.held = held;
  }

  forget(held) {
    Object.assign(this, { held, values: [] });
  }
}
