"""Review: a tube on the bench with gates a person moves, and the decisions that people sign."""
