"""What the models of washout say, in words: the answer, each model, and where two of them differ."""
