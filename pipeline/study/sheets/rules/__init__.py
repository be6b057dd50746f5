"""Rules between the rows of a study: missing references, repetitions, and contradictions."""
