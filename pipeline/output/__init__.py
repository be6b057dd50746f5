"""All output files: tables, workbook, report, figures, and datasets for statisticians."""
