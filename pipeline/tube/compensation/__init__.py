"""Spillover of a tube: taken off by a matrix, already before, or not at all; and cells far below zero."""
