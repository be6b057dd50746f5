"""A person's review of a tube: its gates, the result with moved gates, and the decision."""
