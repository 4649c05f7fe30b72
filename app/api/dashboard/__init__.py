"""Figures for the pages that show the whole at one look."""
