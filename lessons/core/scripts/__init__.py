"""A lane as a PyTorch script that needs none of this."""
