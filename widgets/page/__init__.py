"""What else stands on a page: the gallery, the way, code in view."""
