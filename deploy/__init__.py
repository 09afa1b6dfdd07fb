"""Serving the lessons: Voilà for a room, JupyterHub for more, and what keeps both standing."""
