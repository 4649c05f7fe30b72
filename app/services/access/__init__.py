"""Who asks, what he may do and see: decided here and nowhere else."""

from app.services.access import owners, sight
from app.services.access.doorkeeper import Doorkeeper, changed
from app.services.access.principal import ANYBODY, Principal, Rights, Sight

__all__ = ["ANYBODY", "Doorkeeper", "Principal", "Rights", "Sight", "changed", "owners", "sight"]
