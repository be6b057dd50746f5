"""`cd38rd curve`: the standard curve from typed bead medians, as in the vendors' spreadsheets."""
