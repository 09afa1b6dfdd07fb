"""What a person touches and sees: controls, run loop, live figures, labs."""
