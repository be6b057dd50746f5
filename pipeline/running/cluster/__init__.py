"""Pieces of work on a dask cluster that somebody else runs: it may have no workers, be silent, or stop."""
