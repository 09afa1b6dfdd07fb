"""The labs, one module per lesson."""
