"""A bead run of the study: its curve, its instrument's history, its transfer, its lot values."""
