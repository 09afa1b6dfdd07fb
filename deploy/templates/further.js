// Part of index.html.j2 and of plain pages. A section whose heading's cell is tagged "further" is for those who want to
// know more: it is folded, up to the next heading of its level or a higher one, and unfolds where somebody asks for it.
{
  const cells = [...document.querySelectorAll("#rendered_cells > div > [cell-index], .tdl-page main > .tdl-cell")];
  const heading = (cell) => cell.querySelector(".jp-RenderedMarkdown, .tdl-words")?.querySelector("h1, h2, h3, h4");
  const level = (cell) => Number(heading(cell)?.tagName[1] ?? 9);

  const fold = (first) => {
    const after = cells.slice(cells.indexOf(first) + 1);
    const end = after.findIndex((cell) => level(cell) <= level(first));
    const folded = document.createElement("details");
    folded.className = "tdl-further";
    const summary = document.createElement("summary");
    summary.className = heading(first).parentElement.className; // it looks like other headings
    first.replaceWith(folded);
    summary.append(heading(first));
    folded.append(summary, first, ...(end < 0 ? after : after.slice(0, end)));
  };

  const unfold = (within) => {
    for (let at = within?.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
  };

  const follow = () => unfold(document.getElementById(decodeURIComponent(location.hash.slice(1))));

  const tagged = cells.filter((cell) => cell.matches(".celltag_further, :has(.celltag_further)") && heading(cell));
  tagged.forEach(fold);
  follow();
  window.addEventListener("hashchange", follow);
  // Paper does not unfold.
  window.addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details.tdl-further")) folded.open = true;
  });
}
