"""Identity of a file by its first events, name and keywords: which patient, and tube, control or beads."""
