// What happens in the class, as it happens. Whatever was missed, the newest state comes first.

import { base } from "./told.js";
import { get } from "./asking.js";

const SILENCE_MS = 40000; // the server breaks its silence every 15 s
const AGAIN_MS = 1500;
const ALONE_MS = 90000; // without a line for so long one goes on by oneself

export class ClassStream {
  // `onState(state)` hears the state, whole, after each change; `onLine(isThere)` when the line goes and comes.
  // The page of one who teaches listens on when it is out of sight; others would keep a phone awake.
  constructor({ onState, onLine, onEnd, onGlimpses = () => {}, listensHidden = false }) {
    Object.assign(this, {
      onState,
      onLine,
      onEnd,
      onGlimpses,
      listensHidden,
      state: null,
      isThere: true,
      isOver: false,
      gaveWay: false,
    });
    document.addEventListener("visibilitychange", () => {
      this.gaveWay = false;
      this.suit();
    });
    window.addEventListener("pageshow", () => this.suit());
    window.addEventListener("online", () => this.reopen());
  }

  // Raises the refusal of a browser that is in no class.
  async open() {
    this.take(await get("state"));
    this.isOver = false;
    this.suit();
  }

  suit() {
    const wants = this.listensHidden || document.visibilityState === "visible";
    if (wants && !this.source && !this.isOver && !this.gaveWay) this.listen();
    if (!wants) this.close();
  }

  close() {
    clearTimeout(this.silence);
    clearTimeout(this.again);
    this.source?.close();
    this.source = null;
  }

  reopen() {
    this.close();
    this.suit();
  }

  listen() {
    this.source = new EventSource(`${base}class/stream`);
    this.source.addEventListener("state", ({ data }) => this.take(JSON.parse(data)));
    this.source.addEventListener("counts", ({ data }) => this.count(JSON.parse(data)));
    this.source.addEventListener("glimpses", ({ data }) => this.onGlimpses(JSON.parse(data)));
    this.source.addEventListener("beat", () => this.hear());
    this.source.addEventListener("end", () => this.end());
    // Other pages of this browser took its place; it takes it back when somebody comes back to it.
    this.source.addEventListener("enough", () => {
      this.gaveWay = true;
      this.close();
    });
    this.source.addEventListener("error", () => this.lose());
    this.watch();
  }

  lose() {
    this.line(false);
    this.close();
    this.again = setTimeout(() => this.lookForIt(), AGAIN_MS + 1000 * Math.random());
  }

  // A browser that nobody knows any more has missed the end of the class.
  async lookForIt() {
    try {
      await this.open();
    } catch (refusal) {
      if (refusal.status === 401) this.end();
      else this.lose();
    }
  }

  end() {
    this.isOver = true;
    clearTimeout(this.alone);
    this.close();
    this.onEnd();
  }

  // A line may be gone without anybody noticing, as on a phone that has changed its network.
  watch() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lose(), SILENCE_MS);
  }

  hear() {
    this.watch();
    this.line(true);
  }

  line(isThere) {
    if (this.isThere === isThere) return;
    this.isThere = isThere;
    clearTimeout(this.alone);
    if (!isThere && !this.listensHidden) this.alone = setTimeout(() => this.goFree(), ALONE_MS);
    this.onLine(isThere);
  }

  goFree() {
    this.take({ ...this.state, class: { ...this.state.class, pace: "free" } });
  }

  take(state) {
    this.state = state;
    if (this.source) this.hear();
    this.onState(state);
  }

  // Numbers that change all the time come alone.
  count({ members, vote, round, answered }) {
    this.hear();
    const seen = this.state.class;
    seen.members = members;
    if (seen.vote && seen.vote.id === vote && seen.vote.round === round) seen.vote.answered = answered;
    this.onState(this.state);
  }

  // What the server has answered to this page itself.
  takeOwn(you) {
    this.state = { ...this.state, you };
    this.onState(this.state);
  }
}
