"""Long trainings of scale-invariant nets from a terminal, on the digits or on CIFAR: `python -m lessons.periodic`."""
