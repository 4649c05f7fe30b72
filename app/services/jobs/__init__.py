"""Jobs: saved definitions of what to run and how."""

from app.services.jobs.creation import MAX_BULK, create, create_many, find, get, not_found

__all__ = ["MAX_BULK", "create", "create_many", "find", "get", "not_found"]
