"""E-mail: addresses, what is told to whom and when, and in which words."""
