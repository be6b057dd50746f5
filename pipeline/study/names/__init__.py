"""Names as the eye sees them: invisible characters, letters that look alike, names inside of file names."""
