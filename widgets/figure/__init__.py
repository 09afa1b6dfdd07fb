"""Figures that grow: their widget, their look, and the points that a run gives them."""
