"""E-mails as bytes: headers, and the text in two forms."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from app.domain.clock import now
from app.domain.mail.letters import Letter

NAME = "OneOff"
#: Everything in ASCII: no server needs to know more.
_POLICY = SMTP.clone(cte_type="7bit")


def as_bytes(letter: Letter, sender: str, recipient: str, mail_id: str) -> bytes:
    """Return a letter as it is sent; each try of a mail has the same ``Message-ID``."""
    message = EmailMessage(_POLICY)
    message["From"] = Address(NAME, addr_spec=sender)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{mail_id}@{domain_of(sender)}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no robot shall answer
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message.as_bytes()


def domain_of(address: str) -> str:
    """Return what is behind the @."""
    return address.rpartition("@")[2]
