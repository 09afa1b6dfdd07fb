// What the server has told this page's script: where its addresses begin, where a lesson is, and where all of them.

const script = document.getElementById("tdl-class-script");
export const { base, lessons, gallery } = JSON.parse(script.dataset.class);

// A lesson's address; the first kind opens at once, the last one has a kernel.
export const lessonAddress = (stem, kind = 0) => lessons.at(kind).replace("{}", encodeURIComponent(stem));

// The stem of the lesson that a path is of.
export const stemOf = (path) =>
  decodeURIComponent(path)
    .split("/")
    .pop()
    .replace(/\.(ipynb|html)$/, "");
