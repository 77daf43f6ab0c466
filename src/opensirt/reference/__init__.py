"""Numbers out of publications and nothing else, each with its source."""
