"""Statements that go to the database's driver itself, on the paths that every job takes."""
