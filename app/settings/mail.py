"""Settings of e-mail."""

from pydantic import BaseModel


class MailSettings(BaseModel):
    """How e-mail is sent."""
