"""Activity to dose, dose to numbers."""
