"""Rows for FCS files that no row names: `cd38rd check` reports them, `init --update` adds them."""
