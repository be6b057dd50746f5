"""The wanted population on its anchors: evidence, other traits, negative cells, cuts."""
