"""A run that goes on by itself, in slices between which the kernel answers."""
