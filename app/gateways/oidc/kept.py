"""What the provider publishes, kept for a while; while it is away, what was kept goes on."""

import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

#: Seconds after which what is kept is asked for anew.
KEPT_SECONDS: Final = 3600.0
#: Seconds between two tries while the provider is away.
RETRY_SECONDS: Final = 5.0
#: Seconds between two askings because something was not in what is kept.
AGAIN_SECONDS: Final = 60.0


class ProviderFailed(Exception):
    """The provider did not show who somebody is. The text is for a log and holds no secrets."""


class ProviderAway(ProviderFailed):
    """The provider can't be reached, or does not answer as one."""


class Kept(Generic[T]):
    """One such thing; safe to use from several threads, of which one asks and the others wait."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask, self._guard = ask, threading.Lock()
        self._value: T | None = None
        self._failure = ProviderAway("the provider was not asked yet")
        self._due = self._again_at = 0.0

    def get(self) -> T:
        """Return it, an hour old at most while the provider is there. Raises ProviderAway."""
        with self._guard:
            if time.monotonic() >= self._due:
                self._renew()
            return self._known()

    def again(self) -> T:
        """Return it as it is now; asked for no more than once a minute. Raises ProviderAway."""
        with self._guard:
            if time.monotonic() >= self._again_at:
                self._again_at = time.monotonic() + AGAIN_SECONDS
                self._renew()
            return self._known()

    def _renew(self) -> None:
        try:
            self._value = self._ask()
        except ProviderAway as failure:
            self._failure, self._due = failure, time.monotonic() + RETRY_SECONDS
        else:
            self._due = time.monotonic() + KEPT_SECONDS

    def _known(self) -> T:
        if self._value is None:
            raise ProviderAway(str(self._failure))
        return self._value
