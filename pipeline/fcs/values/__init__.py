"""The DATA of an FCS file: decoding, and checks whether the values can be measurements."""
