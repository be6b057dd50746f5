"""Pictures on paper: SVG text of ours as PDF and PNG, the same bytes each time."""
