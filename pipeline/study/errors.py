"""Errors that a person can cause; the command line turns each into one sentence and an exit status."""

from __future__ import annotations


class UserError(Exception):
    """Something that was typed or handed in cannot be used; the text says what, where and what to do."""


class UsageError(UserError):
    """The command was called with something it does not take."""
