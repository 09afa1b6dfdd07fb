// Part of index.html.j2 and of plain pages. A number in brackets is a link to its source, which leads back; the source
// is read where it is cited: in the margin of a wide page, or beside the number that is pointed at.
{
  const TEXT = ":is(.jp-RenderedMarkdown, div.tdl-words)";
  const { noteAt, noteInMargin } = globalThis.tdlParts;
  const CITED = /\[(\d+(?:, ?\d+)*)\]/;

  const sources = () => {
    const title = document.querySelector(`${TEXT} #Sources`);
    return [...(title?.parentElement.querySelectorAll("ol > li") ?? [])];
  };

  const textsOf = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT, {
      acceptNode: (node) =>
        !CITED.test(node.data) || node.parentElement.closest("a, code, pre, math, mjx-container, script")
          ? NodeFilter.FILTER_REJECT
          : NodeFilter.FILTER_ACCEPT,
    });
    const found = [];
    while (walker.nextNode()) found.push(walker.currentNode);
    return found;
  };

  const numberOf = (link) => Number(link.textContent);

  class Citations {
    constructor(items) {
      this.items = items;
      this.words = items.map((item) => item.textContent.trim());
      this.cited = items.map(() => 0);
      items.forEach((item, index) => {
        item.id = `source-${index + 1}`;
        item.tabIndex = -1;
      });
    }

    linkAll(texts) {
      for (const text of texts) {
        const noted = new Set();
        textsOf(text).forEach((node) => this.link(node, noted));
      }
    }

    // Numbers that no source has stay as they are: they may be an interval.
    link(node, noted) {
      const parts = node.data.split(CITED).map((part, index) => (index % 2 ? this.cite(part) : part));
      const numbers = parts.filter(Array.isArray).flatMap((part) => part.filter((one) => one.dataset).map(numberOf));
      const block = node.parentElement.closest("p, li");
      for (const number of numbers.filter((one) => !noted.has(one))) {
        noted.add(number);
        if (block) noteInMargin(block, `[${number}] ${this.words[number - 1]}`);
      }
      node.replaceWith(...parts.flat());
    }

    // The numbers of one pair of brackets, as links where each is a source's.
    cite(numbers) {
      const each = numbers.split(",").map(Number);
      if (!each.every((number) => this.items[number - 1])) return `[${numbers}]`;
      const links = each.flatMap((number) => [", ", this.linkTo(number)]);
      return ["[", ...links.slice(1), "]"];
    }

    linkTo(number) {
      const link = document.createElement("a");
      this.cited[number - 1] += 1;
      const id = `cited-${number}-${this.cited[number - 1]}`;
      Object.assign(link, { className: "tdl-cite", href: `#source-${number}`, textContent: number, id });
      noteAt(link, this.words[number - 1]);
      this.lead(number, id);
      return link;
    }

    // From the source back to where it is cited.
    lead(number, id) {
      const back = document.createElement("a");
      Object.assign(back, { className: "tdl-back", href: `#${id}`, textContent: "↩" });
      back.setAttribute("aria-label", `Back to where source ${number} is cited, place ${this.cited[number - 1]}`);
      this.items[number - 1].append(back);
    }
  }

  const items = sources();
  if (items.length) {
    const within = items[0].closest(TEXT);
    new Citations(items).linkAll([...document.querySelectorAll(TEXT)].filter((text) => text !== within));
  }
}
