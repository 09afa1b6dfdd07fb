// A number that is dragged in a line of text: which values it takes, and how far a finger or a key moves it.

const DRAGGED = 200;
const KEYS = 40;
const ACROSS = 300;

// 1, 2 or 5 times a power of ten, not above `size`.
function nice(size) {
  const power = 10 ** Math.floor(Math.log10(size) + 1e-9);
  return [5, 2, 1].find((each) => each * power <= size * (1 + 1e-9)) * power;
}

export class Scale {
  // The ends of a setting's slider stand in for those that are null.
  constructor({ kind, scale, slider_low: lowest, slider_high: highest }, [from, to]) {
    const [low, high] = [from ?? lowest, to ?? highest];
    Object.assign(this, { low, high, isWhole: kind === "integer", isLog: scale === "log" && low > 0 });
  }

  // Where a value lies, from 0 to 1.
  share(value) {
    const { low, high, isLog } = this;
    const at = isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    return Math.min(1, Math.max(0, at));
  }

  // The value at a share of the way, on a round number.
  at(share, parts = DRAGGED) {
    const { low, high, isLog, isWhole } = this;
    const within = Math.min(1, Math.max(0, share));
    const value = isLog ? low * (high / low) ** within : low + (high - low) * within;
    const step = nice(isLog ? value / 50 : (high - low) / parts);
    const round = Math.round(value / step) * step;
    const held = Math.min(high, Math.max(low, within === 0 ? low : within === 1 ? high : round));
    return isWhole ? Math.round(held) : Number(held.toPrecision(10));
  }

  // Where a drag over some pixels leads.
  dragged(from, pixels) {
    return this.at(this.share(from) + pixels / Math.min(ACROSS, 0.6 * innerWidth));
  }

  // Where a key leads; null if it is none of a slider's.
  pressed(from, key) {
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5 }[key];
    if (key === "Home" || key === "End") return key === "Home" ? this.low : this.high;
    if (steps === undefined) return null;
    const to = this.at(this.share(from) + steps / KEYS, KEYS);
    // What is rounded does not stay where it is.
    return to === from && this.isWhole ? Math.min(this.high, Math.max(this.low, from + Math.sign(steps))) : to;
  }
}
