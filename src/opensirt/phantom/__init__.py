"""Digital patients and analytic phantoms with known truth."""
