"""Names as a reader sees them: invisible characters, letters that look alike, ids inside file names."""
