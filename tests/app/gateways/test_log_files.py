"""Several real processes write to one file while it is renamed under them."""

import json
import subprocess
import sys
from pathlib import Path

from app.gateways.log_files import Rotation
from tests.architecture.source import ROOT

WRITERS, LINES = 4, 1500

#: The parent puts files aside as fast as it can, or somebody else does, while children write.
PROGRAM = """
import logging, os, sys, time
from pathlib import Path
from app.gateways import log_files

path, most, keep, outsider = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
writers, lines = int(sys.argv[5]), int(sys.argv[6])

def write(writer):
    log = logging.getLogger()
    log.handlers = [log_files.Handler()]
    for number in range(lines):
        size = 20_000 if number % 50 == 0 else number % 300
        log.warning('{"writer": %d, "number": %d, "text": "%s"}', writer, number, "x" * size)
    os._exit(0)

log_files.use(path)
children = {pid for pid in (os.fork() or write(writer) for writer in range(writers))}
rotation = log_files.Rotation([path], most, keep)
turn = 0
while children:
    pid, _ = os.waitpid(-1, os.WNOHANG)
    children.discard(pid)
    if outsider == "yes":
        turn += 1
        if path.exists():
            path.rename(path.with_name(f"taken.{turn}"))
        time.sleep(0.01)
    else:
        rotation._next_look = 0.0
        rotation.look()
"""


def _run(path: Path, most: int, keep: int, outsider: str = "no") -> None:
    numbers = map(str, (most, keep))
    command = [
        sys.executable,
        "-c",
        PROGRAM,
        str(path),
        *numbers,
        outsider,
        str(WRITERS),
        str(LINES),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=50)
    assert done.returncode == 0


def _every_line_is_there_once(files: list[Path]) -> None:
    lines = [line for file in files for line in file.read_text().splitlines()]
    found = [(entry["writer"], entry["number"]) for entry in map(json.loads, lines)]
    assert sorted(found) == [(w, n) for w in range(WRITERS) for n in range(LINES)]


def test_no_line_is_lost_or_torn_while_files_are_put_aside(tmp_path: Path) -> None:
    _run(tmp_path / "a.log", 50_000, 900)
    files = list(tmp_path.iterdir())
    assert len(files) > 2
    _every_line_is_there_once(files)


def test_no_line_is_lost_or_torn_while_somebody_else_renames_the_file(tmp_path: Path) -> None:
    _run(tmp_path / "a.log", 50_000, 1, outsider="yes")
    files = list(tmp_path.iterdir())
    assert len(files) > 2
    _every_line_is_there_once(files)


def test_only_so_many_old_files_are_kept_and_the_newest_of_them_is_number_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.log"
    rotation = Rotation([path, tmp_path / "there is none"], 3, 2)
    for text in ("first", "second", "third", "new"):
        path.write_text(text)
        rotation._next_look = 0.0
        rotation.look()
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        "a.log.1": "third",
        "a.log.2": "second",
        "a.log": "new",
    }


def test_the_files_can_be_read_by_their_owner_only(tmp_path: Path) -> None:
    _run(tmp_path / "logs" / "a.log", 50_000, 3)
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "logs").iterdir()} == {0o600}
    assert (tmp_path / "logs").stat().st_mode & 0o777 == 0o700
