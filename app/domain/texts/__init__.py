"""Texts: what they are compared by, and their forms."""
