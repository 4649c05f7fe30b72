"""What is stored encrypted: the key of the installation, the columns, and their next key."""

from app.services.encryption.columns import SEALED, Sealed
from app.services.encryption.rotation import Census, Step, census, is_done, renew_some
from app.services.encryption.unlocking import KeyRefused, refusal, renew_check, unlock

__all__ = [
    "SEALED",
    "Census",
    "KeyRefused",
    "Sealed",
    "Step",
    "census",
    "is_done",
    "refusal",
    "renew_check",
    "renew_some",
    "unlock",
]
