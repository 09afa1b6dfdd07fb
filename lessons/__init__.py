"""The science of the lessons: plain torch and numpy, no user interface."""
