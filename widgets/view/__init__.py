"""What a topic declares of a lab: controls, presets, panels of named lines, a table."""
