"""What was done about spillover: by a matrix, already before, or not at all; and cells that were taken too far."""
