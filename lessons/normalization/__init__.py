"""Lesson 5: what normalization averages over, what it does to curvature and to the largest stable learning rate."""
