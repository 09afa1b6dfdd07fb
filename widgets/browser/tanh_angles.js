// The angle between what two inputs make of each layer of a wide random tanh net: Poole et al. 2016, arXiv 1606.05340. The
// weights have variance gain^2 / fan-in, the biases `bias`^2, the inputs mean square 1.

// Half of a Gaussian's places with their weights, for the trapezoid rule; what is summed here is even.
const PLACES = Array.from({ length: 25 }, (_, at) => at / 4);
const WEIGHTS = PLACES.map((z) => (z ? 2 : 1) * Math.exp((-z * z) / 2));
const WHOLE = WEIGHTS.reduce((sum, each) => sum + each, 0);

const meanOf = (even) => PLACES.reduce((sum, z, at) => sum + WEIGHTS[at] * even(z), 0) / WHOLE;

// E (tanh(u) - tanh(v))^2 for Gaussians of variance q and correlation c. Not E tanh(u) tanh(v): of two that are nearly
// alike, rounding and the rule would leave little.
function distanceOf(q, c) {
  const [along, beside] = [1 + c, 1 - c].map((each) => Math.sqrt((q * Math.max(0, each)) / 2));
  return meanOf((x) => meanOf((y) => (Math.tanh(along * x + beside * y) - Math.tanh(along * x - beside * y)) ** 2));
}

// Angles in degrees, of the inputs and of the activations of each layer.
export function anglesFrom(angle, gain, bias, depth) {
  let [square, half] = [1, (angle * Math.PI) / 360];
  const angles = [angle];
  while (angles.length <= depth) {
    const q = gain ** 2 * square + bias ** 2;
    const distance = distanceOf(q, 1 - (2 * gain ** 2 * square * Math.sin(half) ** 2) / q);
    square = meanOf((x) => Math.tanh(Math.sqrt(q) * x) ** 2);
    half = Math.asin(Math.min(1, Math.sqrt(distance / square) / 2));
    angles.push((half * 360) / Math.PI);
  }
  return angles;
}
