"""The HTTP routes of a review: show tubes, move gates, decide, sign."""
