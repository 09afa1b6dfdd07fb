"""Questions that a run decides."""
