"""Data shipped with the lessons."""
