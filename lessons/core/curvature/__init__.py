"""The curvature of a loss: its largest eigenvalue followed through a training, and all of them at once."""
