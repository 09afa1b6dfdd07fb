"""A lab: what goes on in it, and what a person sees of it and may ask for."""
