// Gradient descent on the parabola f(x) = x^2 / 2, whose curvature is 1: a step multiplies x by 1 - eta.

export function lossAt(x) {
  return (x * x) / 2;
}

export function iteratesFrom(x, eta, steps) {
  return Array.from({ length: steps + 1 }, (_, step) => (1 - eta) ** step * x);
}

// The parabola of curvature 2 / eta that touches any loss at a start, given its height and slope there: after one step
// of gradient descent it is as high again. So the loss falls if it is below the parabola there.
export function touching(x, eta, start, height, slope) {
  return height + slope * (x - start) + (x - start) ** 2 / eta;
}
