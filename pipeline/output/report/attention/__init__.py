"""Attention: what a reader should look at first, one line per cause."""

from pipeline.output.report.attention.causes import causes
from pipeline.output.report.attention.items import Attention, AttentionItem, CardKind, CardOf, Link, attention

__all__ = ["Attention", "AttentionItem", "CardKind", "CardOf", "Link", "attention", "causes"]
