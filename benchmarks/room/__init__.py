"""A room full of students at one lesson server: who loses something, who waits, what it costs. See `__main__`."""
