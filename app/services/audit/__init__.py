"""Who did what: every change and every denial leaves a row that nothing changes any more."""

from app.services.audit.listening import listen
from app.services.audit.notes import DENIED, DONE, FAILED, Deed, by, note, through, via
from app.services.audit.records import Record, Target, about, effect, made, recorded, tell

__all__ = [
    "DENIED",
    "DONE",
    "FAILED",
    "Deed",
    "Record",
    "Target",
    "about",
    "by",
    "effect",
    "listen",
    "made",
    "note",
    "recorded",
    "tell",
    "through",
    "via",
]
