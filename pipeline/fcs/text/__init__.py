"""The HEADER and TEXT of an FCS file: segments, keywords, parameters, scales."""
