"""What is asked beside a study: is its assay good enough, and how many patients does the next one take."""
