"""The result of the whole study, what limits it, and what it was made from."""
