"""The words of flags: what each flag means, where it comes from, and what to do."""
