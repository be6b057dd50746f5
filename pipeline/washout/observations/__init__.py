"""The observations that washout models see: rows, kits and covariates, which visits count."""
