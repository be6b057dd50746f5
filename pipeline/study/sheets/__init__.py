"""The sheets of a study: cells → tables → rows → rules between rows → `Study`."""
