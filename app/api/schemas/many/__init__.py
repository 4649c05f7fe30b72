"""Lists, and the same done to all in them, on the wire."""
