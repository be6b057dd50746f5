"""The DATA of an FCS file: bytes to numbers, and whether they can be measurements."""
