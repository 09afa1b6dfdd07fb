"""Runs that are recorded, for pages that play them without a kernel."""
