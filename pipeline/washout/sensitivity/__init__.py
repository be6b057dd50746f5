"""The line of M1 under other choices: other rows, other limits, another scatter, without each patient."""
