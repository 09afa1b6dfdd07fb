// Part of index.html.j2 and of plain pages. A term of the glossary is marked where a lesson first uses it, and its
// meaning is read there: beside the word that is pointed at, and in the margin of a wide page where that has room.
{
  const TEXT = ":is(.jp-RenderedMarkdown, div.tdl-words)";
  const BLOCK = "p, li";
  const UNMARKED = "a, code, pre, math, mjx-container, .tdl-margin";
  const MOST = 2; // in a paragraph: a text stays calm
  // Before MathJax comes, a formula is in the text as it was written.
  const FORMULA = /\$\$[^$]+\$\$|\$[^$]+\$/g;
  const { element, noteAt, noteInMargin } = globalThis.tdlParts;

  // Longer terms come first, so that no term is found in another one.
  const terms = JSON.parse(document.getElementById("tdl-terms").textContent)
    .map(([name, meaning, words]) => ({ name, meaning, words, isMarked: false }))
    .toSorted((one, other) => other.name.length - one.name.length);
  const groups = terms.map(({ words }) => `(${words})`).join("|");
  const used = new RegExp(`(?<![\\p{L}\\p{N}_-])(?:${groups})(?![\\p{L}\\p{N}_-])`, "giu");

  const textsOf = (block) => {
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) found.push(walker.currentNode);
    return found.filter(({ parentElement: at }) => !at.closest(UNMARKED) && at.closest(BLOCK) === block);
  };

  // What is used for the first time in a block, in its order.
  const firstIn = (block) => {
    const found = [];
    for (const node of textsOf(block)) {
      const words = node.data.replaceAll(FORMULA, (formula) => "$".repeat(formula.length));
      for (const match of words.matchAll(used)) {
        const term = terms.find((_, number) => match[number + 1]);
        if (found.length === MOST || term.isMarked) continue;
        term.isMarked = true;
        found.push({ node, index: match.index, length: match[0].length, term });
      }
    }
    return found;
  };

  const wordsOf = ({ name, meaning }) => [element("b", { textContent: name }), ` ${meaning}`];

  const mark = ({ node, index, length, term }) => {
    const word = node.splitText(index);
    word.splitText(length);
    const marked = element("dfn", { className: "tdl-term", tabIndex: 0, textContent: word.data });
    word.replaceWith(marked);
    noteAt(marked, ...wordsOf(term));
  };

  // It ends with its paragraph, in lines a third as long; sources come first.
  const hasRoom = (block, { name, meaning }) =>
    block.parentElement.matches(TEXT) &&
    !block.previousElementSibling?.matches(".tdl-margin") &&
    block.textContent.length > 2 * (name.length + meaning.length) + 60;

  for (const block of document.querySelectorAll(`${TEXT} :is(${BLOCK})`)) {
    if (block.closest("details") || block.closest(TEXT).querySelector("#Sources")) continue;
    const found = firstIn(block);
    const noted = found.find(({ term }) => hasRoom(block, term));
    found.toReversed().forEach(mark); // from the end: places before it stay as they are
    if (noted) noteInMargin(block, ...wordsOf(noted.term));
  }
}
