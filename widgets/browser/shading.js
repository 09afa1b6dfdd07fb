// A plane in shades of one colour.

const CELL = 4;

const rgbOf = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

// Colours a pane by `depth(x, y)`, 0 for the palest, 1 for the deepest; where there is none, the page's ground shows.
export function shade(paper, pane, style, depth) {
  const [pale, deep] = ["--tdl-pale", "--tdl-deep"].map((name) => rgbOf(style.getPropertyValue(name).trim()));
  const columns = Math.ceil(pane.width / CELL);
  const rows = Math.ceil(pane.height / CELL);
  const cells = new ImageData(columns, rows);
  for (let at = 0; at < columns * rows; at++) {
    const x = ((at % columns) + 0.5) * (pane.width / columns);
    const y = (Math.floor(at / columns) + 0.5) * (pane.height / rows);
    const share = Math.min(1, depth(...pane.valuesAt(x, y)));
    pale.forEach((low, part) => (cells.data[4 * at + part] = low + share * (deep[part] - low)));
    cells.data[4 * at + 3] = share >= 0 ? 255 : 0;
  }
  const small = new OffscreenCanvas(columns, rows);
  small.getContext("2d").putImageData(cells, 0, 0);
  const context = paper.getContext("2d");
  context.clearRect(pane.left, pane.top, pane.width, pane.height);
  context.drawImage(small, pane.left, pane.top, pane.width, pane.height);
}
