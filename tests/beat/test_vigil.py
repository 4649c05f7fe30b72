"""When the judge of leases may trust what it sees."""

from datetime import UTC, datetime

import pytest

from beat import vigil
from beat.vigil import Vigil


class _Clocks:
    """A wall clock and a monotonic clock that the test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.mono, self.wall = 1000.0, 1_800_000_000.0
        monkeypatch.setattr("beat.vigil.time.monotonic", lambda: self.mono)
        monkeypatch.setattr(vigil, "now", lambda: datetime.fromtimestamp(self.wall, UTC))

    def pass_(self, mono: float, wall: float | None = None) -> None:
        self.mono += mono
        self.wall += mono if wall is None else wall


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> _Clocks:
    return _Clocks(monkeypatch)


def _watch(clocks: _Clocks, watched: Vigil, seconds: int) -> bool:
    trusted = False
    for _ in range(seconds):
        clocks.pass_(1)
        trusted = watched.seen()
    return trusted


def test_a_fresh_judge_waits_for_one_whole_lease(clocks: _Clocks) -> None:
    watched = Vigil(lease=15)
    assert not _watch(clocks, watched, 15)
    assert _watch(clocks, watched, 2)


@pytest.mark.parametrize(
    "gap", [(20.0, 20.0), (1.0, 3600.0), (1.0, -3600.0)], ids=["outage", "suspended", "stepped"]
)
def test_a_gap_starts_the_wait_again(clocks: _Clocks, gap: tuple[float, float]) -> None:
    watched = Vigil(lease=15)
    _watch(clocks, watched, 20)
    clocks.pass_(*gap)
    assert not watched.seen()
    assert not _watch(clocks, watched, 14)
    assert _watch(clocks, watched, 2)


def test_a_database_that_did_not_answer_starts_the_wait_again(clocks: _Clocks) -> None:
    watched = Vigil(lease=5)
    _watch(clocks, watched, 8)
    watched.broken()
    clocks.pass_(1)
    assert not watched.seen()
