"""Chains: jobs that run one after the other."""

import time
from collections.abc import Iterator
from typing import Unpack

from app.client import lists
from app.client.chain_things import Chain, ChainRun, ChainStarted
from app.client.connection import Connection, new_key
from app.client.things import Page
from app.client.wishes import ChainEdit, ChainFields, PageQuery

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0


class Chains:
    """``client.chains``"""

    _path = "/api/chains"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, *, project_id: str | None = None, **query: Unpack[PageQuery]) -> Page[Chain]:
        """Return a page of chains, by name."""
        return lists.page(self._connection, self._path, {**query, "project_id": project_id}, Chain)

    def walk(self, *, project_id: str | None = None) -> Iterator[Chain]:
        """Yield all chains, by name."""
        return lists.walk(self.list, {"project_id": project_id})

    def create(self, name: str, **fields: Unpack[ChainFields]) -> Chain:
        """Make a chain of ``job_ids`` or ``links``."""
        body = {**fields, "name": name}
        return Chain.read(self._connection.post(self._path, body, key=new_key())["data"])

    def get(self, chain_id: str) -> Chain:
        """Return a chain."""
        return Chain.read(self._connection.get(f"{self._path}/{chain_id}")["data"])

    def update(self, chain_id: str, **fields: Unpack[ChainEdit]) -> Chain:
        """Change a chain; runs under way go on as they began."""
        return Chain.read(self._connection.patch(f"{self._path}/{chain_id}", fields)["data"])

    def delete(self, chain_id: str) -> None:
        """Delete a chain with its runs."""
        self._connection.delete(f"{self._path}/{chain_id}")

    def execute(self, chain_id: str) -> ChainStarted:
        """Run a chain now."""
        path = f"{self._path}/{chain_id}/execute"
        return ChainStarted.read(self._connection.post(path, key=new_key())["data"])

    def runs(self, chain_id: str, **query: Unpack[PageQuery]) -> Page[ChainRun]:
        """Return a page of a chain's runs, the newest first."""
        return lists.page(self._connection, f"{self._path}/{chain_id}/runs", query, ChainRun)


class ChainRuns:
    """``client.chain_runs``"""

    _path = "/api/chain-runs"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, run_id: str) -> ChainRun:
        """Return a run with its links and their executions."""
        return ChainRun.read(self._connection.get(f"{self._path}/{run_id}")["data"])

    def cancel(self, run_id: str, *, force: bool = False) -> ChainRun:
        """Cancel a run: the link that runs is ended, and no other begins."""
        answer = self._connection.post(f"{self._path}/{run_id}/cancel", {"force": force})
        return ChainRun.read(answer["data"])

    def resume(self, run_id: str, first: int | None = None) -> ChainRun:
        """Go on with a run that has ended, from its failed link or the link ``first``."""
        body = {} if first is None else {"from": first}
        answer = self._connection.post(f"{self._path}/{run_id}/resume", body, key=new_key())
        return ChainRun.read(answer["data"])

    def wait(self, run_id: str, seconds: float | None = None) -> ChainRun:
        """Return a run when it has ended, or as it is when the time is over."""
        deadline = None if seconds is None else time.monotonic() + seconds
        pause = _SHORTEST_PAUSE
        while True:
            run = self.get(run_id)
            left = _LONGEST_PAUSE if deadline is None else deadline - time.monotonic()
            if run.is_final or left <= 0:
                return run
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_PAUSE)
