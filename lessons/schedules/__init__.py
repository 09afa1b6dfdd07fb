"""Lesson 2: learning-rate schedules, the noise floor they lower, and warmup, cycles and restarts."""
