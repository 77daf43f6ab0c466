"""Tables of energy deposition computed for this project; see README.md beside this file."""
