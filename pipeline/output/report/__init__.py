"""The report that people read: one self-contained HTML file."""

from pipeline.output.report.page import report_html, write_report

__all__ = ["report_html", "write_report"]
