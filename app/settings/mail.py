"""Settings of e-mail."""

from typing import Final, Literal

from pydantic import BaseModel, Field

from app.domain.setting_fields import Addresses, MailAddress, OneLine, ServerName

#: Ports that belong to the ways of securing a connection (RFC 6409, RFC 8314, RFC 5321).
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}


class MailSettings(BaseModel):
    """How e-mail is sent. Without a server and a sender none is."""

    smtp_server: ServerName = Field("", description="Mail server; without one no e-mail is sent")
    smtp_port: int = Field(
        0, ge=0, le=65535, description="Its port; 0: 587 for starttls, 465 for tls, 25 for none"
    )
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls, tls (from the first byte) or none"
    )
    smtp_username: OneLine = Field("", description="Name to log in with; empty: no login")
    smtp_password: OneLine = Field("", repr=False, description="Password to log in with")
    smtp_from: MailAddress = Field("", description="Address that e-mail comes from")
    smtp_timeout_seconds: float = Field(
        15, ge=1, le=30, description="Time the mail server has for one e-mail"
    )
    mail_language: Literal["en", "vi"] = Field(
        "en", description="Language of e-mail: en (English) or vi (Vietnamese)"
    )
    alert_emails: Addresses = Field(
        (), description="Who hears of every job that fails three times in a row, and recovers"
    )

    @property
    def mail_port(self) -> int:
        """The port of the mail server: as given, else the usual one."""
        return self.smtp_port or _PORTS[self.smtp_security]

    @property
    def sends_mail(self) -> bool:
        """Whether enough is known to send e-mail."""
        return bool(self.smtp_server and self.smtp_from)
