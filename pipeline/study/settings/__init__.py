"""Settings: every choice that a study may make, grouped by the part of the analysis."""

from pipeline.study.settings.sheet import ALL_PANELS, Settings, setting_facts, setting_text

__all__ = ["ALL_PANELS", "Settings", "setting_facts", "setting_text"]
