"""Arithmetic that gives the same bits on every processor: matrices, logarithms and exponentials."""
