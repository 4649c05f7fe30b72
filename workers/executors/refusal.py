"""Work that can't even start, in words for the person who configured it."""

from workers.executors.base import Outcome


class Refusal(Exception):
    """Raised inside an executor; it leaves the executor as an outcome."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code

    def outcome(self) -> Outcome:
        """Return the failed attempt that this is."""
        return Outcome("failed", error=str(self), error_code=self.code)
