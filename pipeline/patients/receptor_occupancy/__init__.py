"""Receptor occupancy θ: what part of CD38 the drug holds, by sentinels or by its level in serum."""
