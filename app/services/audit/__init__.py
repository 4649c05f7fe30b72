"""Who did what: every change and every denial leaves a row that nothing changes any more."""

from app.services.audit.notes import Deed, by, note

__all__ = ["Deed", "by", "note"]
