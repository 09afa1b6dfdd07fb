// Part of index.html.j2 and of plain pages. A guided minute on the first lab of a lesson, for who has never used one: four
// moves, made on the real controls. It is offered once, and leads through whenever the address asks for it with "#guide".
{
  const ASKED = "#guide";
  const DONE = "tdl guided";
  const TOUCHED_KEY = "tdl-touched"; // as first_move.js has it: whose labs were used before
  const OFFER_AFTER_MS = 2500;
  const LOOK_MS = 250;
  const TIRED_MS = 120000;
  const KEYS_END_MS = 800;
  const BESIDE = 14;
  const ACTS = 'a[href^="#lab="], a[data-act]';

  const { element, kept, keep } = globalThis.tdlParts;
  const remember = () => keep(DONE, true);
  const button = (text, onclick) => element("button", { type: "button", textContent: text, onclick });

  // A phrase that acts on this lab, in view or not but not folded away.
  const phraseOf = (lab) => {
    const name = lab.querySelector(".tdl-panel")?.dataset.lab;
    const asks = (link) => new URLSearchParams((link.getAttribute("href") ?? "").slice(1));
    const sets = [...document.querySelectorAll(ACTS)].filter((link) => asks(link).get("lab") === name);
    return sets.find((link) => !asks(link).has("trace") && link.getClientRects().length);
  };

  // The four moves: what to use, what to do with it, when that has been done, and what one has seen then.
  const moves = (lab) =>
    [
      {
        target: lab.querySelector(".tdl-play"),
        text: "A lab shows a real training. Press this button, and watch it.",
        events: ["click"],
        seen: "The curves grow step by step. The line below the buttons says how far the run is, and who computes it.",
      },
      {
        target: lab.querySelector(".tdl-controls [data-field]:not(.tdl-more *)"),
        text: "Now move this setting, with the mouse or with the arrow keys.",
        events: ["change"],
        seen: "Where a kernel runs, the lab trains anew with this value. Nothing can break: Reset leads back to the start.",
      },
      {
        target: lab.querySelector(".tdl-situations"),
        text: "Each of these is a situation worth seeing. Choose one.",
        events: ["click"],
        seen: "It has set everything that belongs to it. From there you can change one thing at a time.",
      },
      {
        target: phraseOf(lab),
        text: "The text acts, too: a phrase with a dotted line under it does what it says. Use this one.",
        events: ["click", "keydown"],
        seen: "That is all. Questions come before the labs: guess first, then look.",
      },
    ].filter(({ target }) => target);

  class Guide {
    constructor(lab) {
      this.moves = moves(lab);
      this.at = -1;
      this.words = element("p", { role: "status" });
      this.count = element("span", {});
      this.onward = button("Next", () => this.next());
      const row = element(
        "div",
        {},
        this.count,
        button("Leave", () => this.end()),
        this.onward,
      );
      this.card = element(
        "div",
        { className: "tdl-guide", role: "dialog", ariaLabel: "A guided minute" },
        this.words,
        row,
      );
      document.body.append(this.card);
      this.ended = new AbortController();
      const { signal } = this.ended;
      const hear = (type, listener) => document.addEventListener(type, listener, { signal, capture: true });
      hear("pointerdown", () => (this.isByKey = false));
      hear("keydown", ({ key }) => {
        this.isByKey = true;
        if (key === "Escape") this.end();
      });
      const follow = () => {
        if (signal.aborted) return;
        this.place();
        requestAnimationFrame(follow);
      };
      this.next();
      follow();
    }

    next() {
      this.target?.classList.remove("tdl-guided");
      this.at += 1;
      const move = this.moves[this.at];
      if (!move) {
        this.end();
        return;
      }
      this.target = move.target;
      this.target.classList.add("tdl-guided");
      this.count.textContent = `${this.at + 1} of ${this.moves.length}`;
      this.words.textContent = move.text;
      this.onward.hidden = true;
      this.target.scrollIntoView({ block: "center" });
      this.focus();
      const { signal } = this.ended;
      for (const type of move.events) this.target.addEventListener(type, (event) => this.made(move, event), { signal });
    }

    // The keyboard is where the next move is made.
    focus() {
      const { target } = this;
      const inside = target.querySelector("input[type=range]") ?? target.querySelector("button, select, input");
      (inside ?? target).focus({ preventScroll: true });
    }

    made(move, event) {
      const isUsed = event.type !== "keydown" || [" ", "Enter", "ArrowLeft", "ArrowRight"].includes(event.key);
      if (this.moves[this.at] !== move || !isUsed || !event.target.closest("button, input, select, a")) return;
      this.words.textContent = move.seen;
      this.onward.textContent = this.at + 1 < this.moves.length ? "Next" : "Done";
      this.onward.hidden = false;
      // Who uses keys goes on by a key, once these have come to an end.
      clearTimeout(this.timer);
      const stays = () => this.moves[this.at] === move && this.target.contains(document.activeElement);
      if (this.isByKey) this.timer = setTimeout(() => stays() && this.onward.focus(), KEYS_END_MS);
    }

    // Beside what it speaks of: below it, or above where there is no room.
    place() {
      const { left, top, bottom } = this.target.getBoundingClientRect();
      const { offsetWidth: width, offsetHeight: height } = this.card;
      const isBelow = bottom + BESIDE + height < innerHeight;
      const y = isBelow ? bottom + BESIDE : top - BESIDE - height;
      this.card.style.left = `${Math.max(BESIDE, Math.min(left, innerWidth - width - BESIDE))}px`;
      this.card.style.top = `${Math.max(BESIDE, Math.min(y, innerHeight - height - BESIDE))}px`;
    }

    end() {
      clearTimeout(this.timer);
      this.target?.classList.remove("tdl-guided");
      this.ended.abort();
      if (this.card.contains(document.activeElement)) this.focus();
      this.card.remove();
      remember();
    }
  }

  const firstLab = () => document.querySelector(".tdl-lab");
  const isThere = () =>
    firstLab()?.querySelector(".tdl-play:not(:disabled)") && firstLab().querySelector(".tdl-plot .main-svg");

  // Labs and cards come with the kernel's answer; a page that has none is not watched for ever.
  const once = (holds, then) => {
    const until = performance.now() + TIRED_MS;
    const timer = setInterval(() => {
      const isTime = holds();
      if (isTime || performance.now() > until) clearInterval(timer);
      if (isTime) then();
    }, LOOK_MS);
  };
  const lead = () => new Guide(firstLab());

  // Once somebody looks at the first lab and does nothing; who does something with a lab needs no guide.
  class Offer {
    constructor() {
      this.ended = new AbortController();
      this.watch = new IntersectionObserver(([{ isIntersecting }]) => {
        clearTimeout(this.timer);
        if (isIntersecting) this.timer = setTimeout(() => this.show(), OFFER_AFTER_MS);
      });
      this.watch.observe(firstLab().querySelector(".tdl-transport"));
      const act = ({ target }) => target.closest?.(".tdl-lab") && this.end();
      for (const type of ["pointerdown", "keydown"])
        document.addEventListener(type, act, { signal: this.ended.signal });
    }

    show() {
      this.watch.disconnect();
      const begin = () => {
        this.end();
        lead();
      };
      const row = element(
        "div",
        {},
        button("No, thanks", () => this.end()),
        button("Show me", begin),
      );
      this.card = element("div", { className: "tdl-guide tdl-offer", role: "region", ariaLabel: "An offer" });
      this.card.append(element("p", { textContent: "Your first lab? It takes a minute to meet one." }), row);
      document.body.append(this.card);
    }

    end() {
      clearTimeout(this.timer);
      this.watch.disconnect();
      this.ended.abort();
      this.card?.remove();
      remember();
    }
  }
  const offer = () => new Offer();

  // Whoever wants it again asks for it in the gallery.
  const cards = () => document.querySelector(".tdl-cards");
  const linkFromGallery = () => {
    const link = element(
      "a",
      { href: `${cards().querySelector("a").getAttribute("href")}${ASKED}` },
      "A guided minute",
    );
    cards().after(
      element("p", { className: "tdl-guide-link" }, "Never used a lab? ", link, " leads through the first."),
    );
  };

  if (location.hash === ASKED) {
    history.replaceState(history.state, "", `${location.pathname}${location.search}`);
    once(isThere, lead);
  } else if (document.querySelector(".tdl-contents") && !kept(DONE) && !kept(TOUCHED_KEY)) once(isThere, offer);
  once(() => cards()?.querySelector("a"), linkFromGallery);
}
