"""M1, the Tobit line: log density against log washout, with a random intercept per patient."""
