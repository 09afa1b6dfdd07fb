// Student and teacher are sums of nodes max(0, w.x), of inputs x ~ N(0, I) in a plane. E max(0, u.x) max(0, v.x) is the
// arc-cosine kernel of degree 1, halved (Cho & Saul 2009, NeurIPS 22); a list of nodes is a list of their w.

const dotted = (u, v) => u[0] * v[0] + u[1] * v[1];
const lengthOf = (u) => Math.sqrt(dotted(u, u));
const angleOf = (u, v) => Math.atan2(Math.abs(u[0] * v[1] - u[1] * v[0]), dotted(u, v));

function overlap(u, v) {
  const angle = angleOf(u, v);
  return ((lengthOf(u) * lengthOf(v)) / (2 * Math.PI)) * (Math.sin(angle) + (Math.PI - angle) * Math.cos(angle));
}

const total = (node, nodes) => nodes.reduce((sum, each) => sum + overlap(node, each), 0);
const summed = (some, others) => some.reduce((sum, node) => sum + total(node, others), 0);

// Half the mean square of the difference between student and teacher.
export function lossOf(students, teachers) {
  return summed(students, students) / 2 - summed(students, teachers) + summed(teachers, teachers) / 2;
}

// What a further student node adds to the loss of the others.
export function addedBy(node, others, teachers) {
  return dotted(node, node) / 4 + total(node, others) - total(node, teachers);
}

// Adds to a sum the derivative of `overlap` with respect to u, so many times.
function pull(sum, u, v, times) {
  const angle = angleOf(u, v);
  const along = (lengthOf(v) * Math.sin(angle)) / Math.max(lengthOf(u), 1e-12);
  for (const at of [0, 1]) sum[at] += (times * (along * u[at] + (Math.PI - angle) * v[at])) / (2 * Math.PI);
}

function gradientOf(students, teachers) {
  return students.map((node) => {
    const sum = [0, 0];
    students.forEach((each) => pull(sum, node, each, 1));
    teachers.forEach((each) => pull(sum, node, each, -1));
    return sum;
  });
}

const moved = (nodes, along, by) => nodes.map((node, j) => node.map((each, at) => each - by * along[j][at]));

// Gradient flow by Heun's method: the students at each moment, the start included.
export function flowFrom(students, teachers, time, steps) {
  const path = [students];
  while (path.length <= steps) {
    const here = path.at(-1);
    const first = gradientOf(here, teachers);
    const second = gradientOf(moved(here, first, time / steps), teachers);
    path.push(moved(moved(here, first, time / steps / 2), second, time / steps / 2));
  }
  return path;
}

// Which teacher node each student node points at, by the cosine of their angle; -1 if none, or if there is none left of it.
export function foundBy(students, teachers) {
  return students.map((node) => {
    const near = (teacher) => lengthOf(node) > 0.05 && Math.cos(angleOf(node, teacher)) > 0.99;
    return teachers.findIndex(near);
  });
}
