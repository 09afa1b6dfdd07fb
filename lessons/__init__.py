"""The science of the lessons: plain torch and numpy, no user interface."""

__version__ = "0.1.0"
