"""What a widget of ours and its browser have in common: modules, messages, and whether anybody is there."""
