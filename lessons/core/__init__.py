"""The ground of every lesson: settings, lanes, experiments, batched networks, curvature."""
