"""The validation of the assay as files: tables, workbook, Parquet, JSON and a page."""

from pipeline.output.assay.files import write_validation
from pipeline.output.assay.tables import ASSAY_TABLES, AssayTable

__all__ = ["ASSAY_TABLES", "AssayTable", "write_validation"]
