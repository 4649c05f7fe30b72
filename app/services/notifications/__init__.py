"""E-mail: telling people how executions ended."""
