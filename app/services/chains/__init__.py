"""Chains: ordered lists of jobs, run one after the other."""

from app.services.chains.definitions import create, delete, get, page, update, view

__all__ = ["create", "delete", "get", "page", "update", "view"]
