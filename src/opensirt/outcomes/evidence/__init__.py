"""Published and shared results pooled: proportions, medians, hazard ratios, their disagreement."""
