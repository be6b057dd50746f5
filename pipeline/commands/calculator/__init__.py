"""`cd38rd curve`: the standard curve of typed bead medians, as the vendors' spreadsheets have it."""
