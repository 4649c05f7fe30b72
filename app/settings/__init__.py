"""All that is fixed at start: one frozen object, and the only reader of the environment."""

from app.settings.loading import SECRETS, load, take_from_environment
from app.settings.mail import MailSettings
from app.settings.model import LOOPBACK, RUNTIME_KEYS, Settings
from app.settings.telemetry import TelemetrySettings

__all__ = [
    "LOOPBACK",
    "RUNTIME_KEYS",
    "SECRETS",
    "MailSettings",
    "Settings",
    "TelemetrySettings",
    "load",
    "take_from_environment",
]
