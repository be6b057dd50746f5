"""Values as a detector gave them: where its scale ends, and those that no detector gives."""
