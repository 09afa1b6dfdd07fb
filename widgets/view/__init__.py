"""Declarations of a lab by its topic: controls, presets, panels of named lines, a table."""
