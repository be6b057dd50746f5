"""The audit trail: who did what to a study and when, in a file to which lines are only added."""
