"""The study as typed: rows of its sheets, settings, faults, and the wording of messages."""
