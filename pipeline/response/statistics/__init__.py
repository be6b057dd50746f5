"""The statistics of response and survival: proportions, odds, Kaplan–Meier, tests."""
