"""Lesson 4: how the first weights decide whether a deep net can be trained."""
