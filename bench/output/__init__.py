"""How soon output is seen."""
