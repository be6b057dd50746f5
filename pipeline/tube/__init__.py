"""A tube read for its panel: channels, matrix, control, and what pictures need of its events."""
