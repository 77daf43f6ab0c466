"""Learning together: centres share sums, never rows, and the sums give the one-table estimates."""
