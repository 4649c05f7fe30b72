"""Chains and their runs, over HTTP."""
