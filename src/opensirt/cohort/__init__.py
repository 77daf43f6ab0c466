"""Many patients: what is asked of them, and one table of answers."""
