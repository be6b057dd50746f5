"""Further tables as in a published letter on such a study. Each needs optional columns of the sheets."""
