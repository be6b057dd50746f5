"""Questions about an assay: is it good enough, and how many patients does the next study need."""
