"""Lesson 6: why training with batch normalisation and weight decay comes in periods."""
