"""Whose recording a file is, and of what: by its first events, by its name, by what its keywords say."""
