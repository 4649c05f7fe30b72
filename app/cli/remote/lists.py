"""Listing: a page, or everything, as a table or as JSON."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from app.cli.remote.output import note
from app.cli.remote.session import Remote
from app.client import Page

#: The most that the server gives at once.
_LARGEST_PAGE = 1000
_OPTIONS = (
    click.option("--order", "sort_order", type=click.Choice(["asc", "desc"])),
    click.option("--limit", type=click.IntRange(1, _LARGEST_PAGE), default=50, show_default=True),
    click.option("--offset", type=click.IntRange(0), help="Leave out so many at the beginning."),
    click.option("--all", "everything", is_flag=True, help="All of them, however many."),
)
#: The columns of a table, what makes a row of a thing, and what to say if there is nothing.
Look = tuple[Sequence[str], Callable[[Any], Sequence[Any]], str]


def list_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which part of a list is wanted."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def window(given: dict[str, Any]) -> dict[str, Any]:
    """Return the query that options stand for; ``--all`` asks in large pages."""
    if given.pop("everything"):
        return given | {"limit": _LARGEST_PAGE, "everything": True}
    return given


def show_list(
    remote: Remote, ask: Callable[..., Page[Any]], query: dict[str, Any], look: Look
) -> None:
    """Show a page of a list, or all of it."""
    everything = query.pop("everything", False)
    page = ask(**query)
    rows, wire = [*page], page.wire
    while everything and page.next_cursor:
        page = ask(**{**query, "offset": None, "cursor": page.next_cursor})
        rows += page
    if remote.output.as_json:
        data = [row.wire for row in rows]
        remote.output.json({**wire, "data": data, "next_cursor": page.next_cursor})
        return
    columns, row, nothing = look
    if not rows:
        note(nothing)
        return
    remote.output.table(columns, map(row, rows))
    if page.next_cursor:
        total = f"{page.total:,}" + ("+" if page.total_is_capped else "")
        note(f"{len(rows)} of {total}; more with --limit, --offset or --all.")
