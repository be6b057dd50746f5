"""The standard curve of a bead run: its fit, its acceptance table, its transfer to other days, its drift."""
