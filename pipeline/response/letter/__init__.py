"""The rest of what a letter on such a study reports, each from optional columns and absent without them."""
