// Part of index.html.j2 and of plain pages. The contents of a lesson: they follow its reader, and remember how far one
// came; the cards of the gallery show that.
{
  const READ_MS = 4000;
  const NOT_COUNTED = new Set(["Your-answers", "Sources"]);
  const FEWEST = 3;
  const wide = matchMedia("(min-width: 1500px)");
  const lessonOf = (path) =>
    decodeURIComponent(path)
      .split("/")
      .pop()
      .replace(/\.(ipynb|html)$/, "");
  const keyOf = (lesson) => `tdl reading ${lesson}`;
  const { element, kept, keep } = globalThis.tdlParts;

  // It may be something else that has this name.
  const remembered = (lesson) => {
    const { at, seen, of } = kept(keyOf(lesson)) ?? {};
    return seen ? { at: String(at), seen: Array.from(seen, String), of: Number(of) } : null;
  };

  const wordsOf = (heading) => {
    const copy = heading.cloneNode(true);
    for (const extra of copy.querySelectorAll(".anchor-link, mjx-assistive-mml")) extra.remove();
    return copy.textContent.trim();
  };

  class Contents {
    constructor(headings) {
      this.headings = headings;
      this.lesson = lessonOf(location.pathname);
      this.counted = headings.filter((heading) => !NOT_COUNTED.has(heading.id));
      const before = remembered(this.lesson);
      const known = new Set(this.counted.map((heading) => heading.id));
      this.seen = new Set((before?.seen ?? []).filter((id) => known.has(id)));
      this.begun = new Set();
      this.links = headings.map((heading) =>
        element("a", { href: `#${encodeURIComponent(heading.id)}`, textContent: wordsOf(heading) }),
      );
      const list = element("ol", {}, ...this.links.map((link) => element("li", {}, link)));
      this.fold = element("details", {}, element("summary", { textContent: "Contents", title: "Contents" }), list);
      this.nav = element("nav", { className: "tdl-contents", ariaLabel: "Contents" }, this.fold);
      document.body.append(this.nav);
      const suit = () => (this.fold.open = wide.matches);
      suit();
      wide.addEventListener("change", suit);
      list.addEventListener("click", () => (this.fold.open = wide.matches));
      document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && this.fold.open && !wide.matches) this.close();
      });
      this.offer(before);
      const scrolled = ({ target }) => {
        this.giveWay(target.scrollingElement ?? target);
        this.soon();
      };
      document.addEventListener("scroll", scrolled, { capture: true, passive: true });
      // A page is shown when all of it has come, and its parts grow.
      const appearing = new IntersectionObserver(() => this.soon());
      headings.forEach((heading) => appearing.observe(heading));
    }

    // Where there is no margin for it the button is over the text: it goes while one reads on, and is back with the first move back.
    giveWay(scroller) {
      if (!scroller.contains(this.headings[0])) return;
      const moved = scroller.scrollTop - (this.top ?? 0);
      this.top = scroller.scrollTop;
      if (moved) this.nav.classList.toggle("tdl-aside", moved > 0 && !this.fold.open);
    }

    close() {
      this.fold.open = false;
      this.fold.firstChild.focus();
    }

    // Whoever was here before may go on there.
    offer(before) {
      const at = this.headings.findIndex((heading) => heading.id === before?.at);
      if (at < 0 || location.hash) return;
      const link = element("a", { href: this.links[at].href, textContent: this.links[at].textContent });
      const line = element("p", { className: "tdl-here" }, "You were at “", link, "”.");
      link.addEventListener("click", () => line.remove());
      const title = document.querySelector(":is(.jp-RenderedMarkdown, div.tdl-words) h1");
      title?.after(line);
    }

    soon() {
      this.due ??= setTimeout(() => {
        this.due = null;
        this.follow();
      }, 150);
    }

    // The section whose heading has passed the upper third of the window, and is not folded away.
    follow() {
      const passed = this.headings.filter(
        (heading) => heading.getClientRects().length && heading.getBoundingClientRect().top < innerHeight / 3,
      );
      const now = passed.at(-1);
      this.count();
      if (now === this.now) return;
      this.now = now;
      this.headings.forEach((heading, index) => {
        if (heading === now) this.links[index].setAttribute("aria-current", "true");
        else this.links[index].removeAttribute("aria-current");
      });
      if (wide.matches) this.links[this.headings.indexOf(now)]?.scrollIntoView({ block: "nearest" });
      clearTimeout(this.reading);
      if (now) this.reading = setTimeout(() => this.read(now), READ_MS);
      this.mark();
    }

    // Somebody was here for a while; the section counts as read when its end has been in sight, too.
    read(heading) {
      this.at = heading.id;
      if (this.counted.includes(heading)) this.begun.add(heading);
      this.count(true);
    }

    count(isNews = false) {
      const ended = [...this.begun].filter((heading) => this.isEnded(heading));
      ended.forEach((heading) => this.begun.delete(heading) && this.seen.add(heading.id));
      if (!ended.length && !isNews) return;
      keep(keyOf(this.lesson), { at: this.at, seen: [...this.seen], of: this.counted.length });
      this.mark();
    }

    isEnded(heading) {
      const next = this.headings[this.headings.indexOf(heading) + 1];
      return !next || next.getBoundingClientRect().top < innerHeight;
    }

    mark() {
      this.headings.forEach((heading, index) =>
        this.links[index].classList.toggle("tdl-seen", this.seen.has(heading.id)),
      );
    }
  }

  // A card of the gallery says how far its lesson was read.
  const markCard = (card) => {
    const before = remembered(lessonOf(new URL(card.href).pathname));
    if (card.querySelector(".tdl-read") || !(before?.of > 0) || !before.seen.length) return;
    const seen = Math.min(before.seen.length, before.of);
    const words = seen === before.of ? "read" : `${seen} of ${before.of} sections read`;
    const bar = element("progress", { max: before.of, value: seen });
    bar.setAttribute("aria-hidden", "true");
    card.lastElementChild.append(element("span", { className: "tdl-read" }, bar, words));
  };
  // They come with the kernel's answer, all at once; then the page is watched no more.
  const cards = new MutationObserver(() => markCards());
  const markCards = () => {
    const found = document.querySelectorAll("a.tdl-card");
    found.forEach(markCard);
    if (found.length) cards.disconnect();
  };

  const headings = [...document.querySelectorAll(":is(.jp-RenderedMarkdown, div.tdl-words) h2")];
  headings.forEach((heading, index) => (heading.id ||= `section-${index + 1}`)); // one that is a formula has none
  const contents = headings.length >= FEWEST ? new Contents(headings) : null;
  contents?.mark();
  contents?.soon();
  cards.observe(document.querySelector("#rendered_cells, .tdl-page main"), {
    childList: true,
    subtree: true,
  });
  markCards();
}
