"""Cards: a tube or a bead run in words and pictures, ready for the templates."""
