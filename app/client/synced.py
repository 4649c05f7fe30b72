"""What became of jobs that were to be kept as a list of definitions has them."""

from pydantic import Field

from app.client.things import Thing


class SyncedItem(Thing):
    """What became of one definition."""

    outcome: str
    external_id: str | None = None
    name: str | None = None
    job_id: str | None = None
    error: str | None = None
    fields: list[str] = Field(default_factory=list)


class Synced(Thing):
    """What became of all of them."""

    created: int
    updated: int
    unchanged: int
    refused: int
    deleted: int
    items: list[SyncedItem]
