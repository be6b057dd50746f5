"""Datasets for statisticians: `results/statistics/` as CSV, Parquet and SAS XPORT, with a data dictionary."""

from pipeline.output.statistics.files import datasets_of, write_datasets, write_each

__all__ = ["datasets_of", "write_datasets", "write_each"]
