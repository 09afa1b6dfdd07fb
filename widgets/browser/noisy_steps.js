// SGD on a quadratic with noisy gradients, theta_i <- (1 - eta lambda_i) theta_i - eta sigma xi_i. The expected loss is that
// of the mean path, which goes to 0, and that of the variance V_i' = (1 - eta lambda_i)^2 V_i + eta^2 sigma^2: Schaul, Zhang
// & LeCun 2013, arXiv 1206.1106, section 3.

// Learning rates of all steps, on straight lines between points that are equally far apart.
export function ratesOf(points, steps) {
  return Array.from({ length: steps }, (_, step) => {
    const place = (step / steps) * (points.length - 1);
    const at = Math.floor(place);
    return points[at] + (place - at) * (points[at + 1] - points[at]);
  });
}

// Both parts of the loss, before each step and after the last. `starts` are the losses of the directions at first.
export function partsOf(rates, curvatures, starts, sigma) {
  const [ways, variances] = [[...starts], curvatures.map(() => 0)];
  const sum = (values) => values.reduce((all, each) => all + each, 0);
  const parts = [{ way: sum(ways), noise: 0 }];
  for (const eta of rates) {
    curvatures.forEach((curvature, i) => {
      const kept = (1 - eta * curvature) ** 2;
      ways[i] *= kept;
      variances[i] = kept * variances[i] + (eta * sigma) ** 2;
    });
    parts.push({ way: sum(ways), noise: sum(variances.map((each, i) => (curvatures[i] * each) / 2)) });
  }
  return parts;
}
