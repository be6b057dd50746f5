"""`cd38rd init`: a study.xlsx to fill in, with suggestions from the FCS files."""

from pipeline.template.additions.unnamed import unnamed_files
from pipeline.template.write import write_template

__all__ = ["unnamed_files", "write_template"]
