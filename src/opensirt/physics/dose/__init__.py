"""Dose engines behind one visible table."""
