"""CTCAE grades of laboratory values and clinical events, worst grades, shifts and windows."""
