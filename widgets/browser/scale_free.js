// One step of gradient descent, w' = (1 - eta lambda) w - eta grad, where only the direction of w counts for the loss: the
// gradient is at right angles to w, and g / |w| long, with g its length at |w| = 1. Lobacheva et al. 2021, arXiv
// 2106.15739, section 5.

export function gradientAt(norm, g) {
  return g / norm;
}

// The angle by which the step turns w.
export function turnOf(norm, g, eta, decay = 0) {
  return Math.atan2(eta * gradientAt(norm, g), (1 - eta * decay) * norm);
}

// A vector of this length, turned so far from the first axis.
export function polar(norm, angle) {
  return [norm * Math.cos(angle), norm * Math.sin(angle)];
}
