"""Memory and open files of each service, and how they grew."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psutil

from bench.soak.faults import Faults

SERVICES = ("broker", "worker", "dispatcher", "auxiliary", "api", "beat")
_MIB = 1024 * 1024
#: What may be more at the end than at the start: a part, and beyond so much in absolute terms.
_PART, _SPARE_MIB, _SPARE_FILES = 0.2, 32.0, 16


@dataclass(frozen=True, slots=True)
class Use:
    """What one service uses, all its processes together but for those of jobs."""

    rss: float
    descriptors: int

    def __str__(self) -> str:
        return f"{self.rss:,.0f} MiB, {self.descriptors} descriptors"


def of_all(faults: Faults) -> dict[str, Use]:
    """Return what each service uses now."""
    return {name: _of(faults, name) for name in SERVICES}


def _of(faults: Faults, service: str) -> Use:
    rss, descriptors = 0.0, 0
    for process in faults.family(service):
        with contextlib.suppress(psutil.Error):
            rss += process.memory_info().rss / _MIB
            descriptors += process.num_fds()
    return Use(rss, descriptors)


def growth(first: Mapping[str, Use], last: Mapping[str, Use]) -> Iterator[str]:
    """Yield a line for each service that grew by more than it may."""
    for name, before in first.items():
        after = last[name]
        more = after.rss - before.rss
        if more > max(before.rss * _PART, _SPARE_MIB):
            yield f"{name} grew by {more:.0f} MiB, from {before} to {after}"
        files = after.descriptors - before.descriptors
        if files > max(before.descriptors * _PART, _SPARE_FILES):
            yield f"{name} has {files} more descriptors, from {before} to {after}"


def largest_growth(first: Mapping[str, Use], last: Mapping[str, Use]) -> str:
    """Return how much all services together grew, in percent."""
    rss = [sum(use.rss for use in uses.values()) for uses in (first, last)]
    files = [sum(use.descriptors for use in uses.values()) for uses in (first, last)]
    return f"RSS {rss[1] / rss[0] - 1:+.0%}, descriptors {files[1] / files[0] - 1:+.0%}"
