"""What every lesson stands on: settings, lanes, experiments, batched networks, curvature."""
