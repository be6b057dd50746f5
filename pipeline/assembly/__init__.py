"""The result of the whole study, its limits, and its provenance."""
