"""What a service manager (systemd) is told of the product: ready, alive, stopping."""

import logging
import socket
from dataclasses import dataclass
from typing import Self

from app import settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """The manager that started this process; silent if none did."""

    #: A unix datagram socket; ``@`` stands for the zero byte of an abstract name.
    address: str = ""
    #: After so long without a sign of life the manager restarts us; 0: it does not look.
    watchdog_seconds: float = 0.0

    @classmethod
    def of_this_start(cls) -> Self:
        """Return the manager that the environment names, and take it out of there.

        Jobs that inherit the environment must not speak for us.
        """
        address = settings.take_from_environment("NOTIFY_SOCKET")
        watchdog = settings.take_from_environment("WATCHDOG_USEC")
        settings.take_from_environment("WATCHDOG_PID")
        return cls(address, int(watchdog) / 1e6 if watchdog.isdigit() else 0.0)

    def tell(self, *lines: str) -> None:
        """Send assignments such as ``READY=1``; a manager that can't hear is no reason to stop."""
        if not self.address:
            return
        path = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                out.settimeout(0.0)
                out.sendto("\n".join(lines).encode(), path)
        except OSError as error:
            log.warning("the service manager can't be told %s: %s", lines[0], error)

    def stopping(self) -> None:
        """Say that the stop has begun."""
        self.tell("STOPPING=1", "STATUS=stopping; running jobs get their grace")
