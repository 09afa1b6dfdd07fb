"""Sweeps beyond one process: tasks, workers, results, and their commands."""
