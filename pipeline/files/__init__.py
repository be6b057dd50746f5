"""Files as bytes: read once with their digest, written whole or not at all, under safe names."""
