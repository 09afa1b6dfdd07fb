"""Parts that widgets and their browsers have in common: modules, messages, signs of life."""
