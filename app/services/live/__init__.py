"""The live page: what changes is told to those that look, as far as they may see it."""

from app.services.live.outlet import configure, note

__all__ = ["configure", "note"]
