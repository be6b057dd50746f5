"""A copy of a study that names nobody: pseudonyms, days that are shifted, files with only what is needed."""
