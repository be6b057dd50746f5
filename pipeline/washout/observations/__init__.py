"""The rows of the washout models: which visits count, their values and limits, kits and covariates."""
