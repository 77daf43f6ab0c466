"""Records to statistics: survival, competing risks, proportions, dose–response."""
