"""What things are: frozen values on numpy and the standard library."""
