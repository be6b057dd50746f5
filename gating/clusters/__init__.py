"""Clusters of cells in the space of all channels: mixture, ellipsoids, membership."""
