"""Errors that a person can cause; the command line turns each into one sentence and an exit status."""

from __future__ import annotations


class UserError(Exception):
    """A typed value or a file that cannot be used; the message says what, where and what to do."""


class UsageError(UserError):
    """The command was called with an argument that it does not accept."""
