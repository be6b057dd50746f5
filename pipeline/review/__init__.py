"""A person's review of a tube: its gates on the bench, what a moved one gives, and what was decided."""
