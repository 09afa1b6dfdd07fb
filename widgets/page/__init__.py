"""Other parts of a page: the gallery, the way between lessons, code in view."""
