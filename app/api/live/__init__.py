"""Streams: what changes, and what executions print, told while it happens."""
