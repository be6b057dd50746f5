"""The pages of the stages: files, sheets, check, run, report, sign, and the choice of a study."""
