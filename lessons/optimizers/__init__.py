"""Lesson 1: optimizers, what they do with a gradient, and what a loss has to do with the error."""
