"""A de-identified copy of a study: pseudonyms, shifted dates, and files with only the needed keywords."""
