"""People: their names and passwords, and the tokens that keep them signed in."""
