"""The clone: aberrant against normal plasma cells, and the clone's own gates."""
