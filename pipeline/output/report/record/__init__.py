"""The record of a study: its head, its methods in words with sources, and its MIFlowCyt items."""
