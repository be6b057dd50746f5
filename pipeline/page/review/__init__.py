"""The tubes of a review over HTTP: seen, moved, decided, signed."""
