"""Rows for FCS files that a study has no row for: told by `cd38rd check`, added by `init --update`."""
