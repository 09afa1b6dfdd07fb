"""Lesson 3: why training diverges when the learning rate passes twice the optimal one."""
