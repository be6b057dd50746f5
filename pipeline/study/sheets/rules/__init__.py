"""Rules between the rows of a study: what refers to nothing, stands twice, or contradicts another row."""
