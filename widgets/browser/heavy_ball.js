// Heavy ball on a quadratic, x' = x - eta lambda x + beta (x - x before): Polyak 1964, equation 9. With e for eta lambda
// the error goes as the roots of r^2 - (1 + beta - e) r + beta.

// The larger of the two |r|: what is left of the error, a step, in the long run.
export function rateOf(e, beta) {
  const half = (1 + beta - e) / 2;
  const inner = half * half - beta;
  return inner < 0 ? Math.sqrt(beta) : Math.abs(half) + Math.sqrt(inner);
}

// The parts of the plane.
export function kindOf(e, beta) {
  if (e >= 2 * (1 + beta) || e <= 0 || beta >= 1) return "diverging";
  if (e <= (1 - Math.sqrt(beta)) ** 2) return "monotone";
  return e >= (1 + Math.sqrt(beta)) ** 2 ? "oscillating" : "ripples";
}

// The error after 0, 1, ... steps from 1 at rest.
export function errorsOf(e, beta, steps) {
  const errors = [1];
  for (let velocity = 0; errors.length <= steps;) {
    velocity = beta * velocity + errors.at(-1);
    errors.push(errors.at(-1) - e * velocity);
  }
  return errors;
}
