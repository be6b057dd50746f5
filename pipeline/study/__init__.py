"""The study as a person typed it: rows, settings, faults, words."""
