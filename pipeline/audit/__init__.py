"""The audit trail: who did what to a study and when, in an append-only file."""
