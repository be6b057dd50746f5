"""Pieces of work on a dask cluster that somebody else runs: it may be without workers, silent, or end."""
