"""A file that jobs append to when they start: the same clock for the product and its rivals."""

import os
import time
from pathlib import Path


def mark(path: str, name: str) -> None:
    """Append the present moment under a name; safe from many processes."""
    write(path, f"{name} {time.time():.6f}")


def write(path: str, line: str) -> None:
    """Append a line in one go."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


def read(path: Path) -> dict[str, list[float]]:
    """Return the moments found under each name."""
    found: dict[str, list[float]] = {}
    if path.exists():
        for line in path.read_text().splitlines():
            name, _, moment = line.rpartition(" ")
            found.setdefault(name, []).append(float(moment))
    return found


def count(path: Path) -> int:
    """Return how many marks there are."""
    return path.read_bytes().count(b"\n") if path.exists() else 0
