// The norm of weights of which only the direction counts, see scale_free.js, from step to step.

import { gradientAt } from "./scale_free.js";

export function nextNorm(norm, g, eta, decay) {
  return Math.hypot((1 - eta * decay) * norm, eta * gradientAt(norm, g));
}

// Where the next norm is the same.
export function restingNorm(g, eta, decay) {
  return ((eta * g * g) / (decay * (2 - eta * decay))) ** 0.25;
}

export function normsFrom(norm, g, eta, decay, steps) {
  const norms = [norm];
  while (norms.length <= steps) norms.push(nextNorm(norms.at(-1), g, eta, decay));
  return norms;
}
