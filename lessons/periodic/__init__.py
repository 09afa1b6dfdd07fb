"""Lesson 6: why training with batch normalization and weight decay comes in periods."""
