"""How far a long step is, on a terminal; nothing elsewhere."""

import sys
import time

import click

_PAUSE_SECONDS = 0.2


class Progress:
    """One line that is written over again and again."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._next = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` is done (0: nobody knows of how much)."""
        if not self._shown or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PAUSE_SECONDS
        share = f"{100 * done // total} %" if total else f"{done / 1e6:.0f} MB"
        click.echo(f"\r\033[K{what}: {share}", nl=False, err=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            click.echo("\r\033[K", nl=False, err=True)
