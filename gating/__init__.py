"""Find plasma cells in compensated events, without ever seeing the quantified channel."""
