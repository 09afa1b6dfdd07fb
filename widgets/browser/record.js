// A recorded run (recorder.py): its moments, and what a figure shows after any of them.

// How often a run that plays moves on.
export const TICK_MS = 16;

function floats(base64) {
  const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

// How many numbers an operation takes.
function countOf([kind, , , count]) {
  if (kind === "extend") return 2 * count;
  return kind === "replace" ? count : 0;
}

function startsOf(moments) {
  let at = 0;
  return moments.map(({ count }) => (at += count) - count);
}

export class RecordedRun {
  // `base` is the run of another lane, where this one is kept as what is different from it.
  constructor({ speed, moments, numbers }, base = null) {
    Object.assign(this, { speed, moments, numbers: floats(numbers), starts: startsOf(moments) });
    if (base) this.complete(base);
  }

  // Take over from another run what both have in common.
  complete(base) {
    const whole = this.moments.map((_, index) => {
      const known = base.operations(index);
      return this.operations(index).map((own) => (own.op[0] === "same" ? known[own.op[1]] : own));
    });
    const sizes = whole.map((operations) => operations.reduce((sum, { part }) => sum + part.length, 0));
    this.moments = this.moments.map((moment, index) => ({
      ...moment,
      ops: whole[index].map(({ op }) => op),
      count: sizes[index],
      shown: { ...base.moments[index].shown, ...moment.shown },
    }));
    this.numbers = joined(whole.flat().map(({ part }) => part));
    this.starts = startsOf(this.moments);
  }

  // The operations of a moment, each with its numbers.
  operations(index) {
    let at = this.starts[index];
    return (this.moments[index].ops ?? []).map((op) => ({ op, part: this.numbers.subarray(at, (at += countOf(op))) }));
  }

  get steps() {
    return this.moments[0].shown.steps;
  }

  get last() {
    return this.moments.length - 1;
  }

  // The last moment that is not after a step.
  at(step) {
    const after = this.moments.findIndex((moment) => moment.step > step);
    return after < 0 ? this.last : Math.max(after - 1, 0);
  }

  // What leads from the moment before `first` to the moment `last`, as one message: `figures` if they are other ones.
  message(first, last) {
    const message = { ops: [], parts: [] };
    for (let index = first; index <= last; index++) {
      const { figures, ops = [], count } = this.moments[index];
      if (figures) Object.assign(message, { figures, ops: [], parts: [] });
      message.ops.push(...ops);
      message.parts.push(this.numbers.subarray(this.starts[index], this.starts[index] + count));
    }
    return { figures: message.figures, ops: message.ops, numbers: joined(message.parts) };
  }

  // What else a page shows after a moment: readings, lanes and the like, each as it was noted last.
  shown(last) {
    return Object.assign({}, ...this.moments.slice(0, last + 1).map(({ shown }) => shown));
  }
}

function joined(parts) {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
