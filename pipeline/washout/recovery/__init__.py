"""M2, the recovery curve: how CD38 comes back after daratumumab."""
