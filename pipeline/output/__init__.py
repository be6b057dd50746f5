"""Everything that is written: tables, workbook, report, figures, datasets for statisticians."""
