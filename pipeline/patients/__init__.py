"""Patients: exposure, treatment, visits, drug levels, and the rows of the models."""
