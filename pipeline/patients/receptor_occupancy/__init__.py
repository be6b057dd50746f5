"""Receptor occupancy θ: the part of CD38 that the drug covers, from sentinels or from its level in serum."""
