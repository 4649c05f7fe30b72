"""Claude work for the contract suite: a stand-in on PATH that does what its prompt says."""

import os
import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from app.domain.specs.claude import ClaudeSpec
from workers.executors.base import Executor, Options
from workers.executors.claude import ClaudeExecutor

#: Runs its last argument as a script, and writes down how it was started.
STAND_IN = """#!/bin/sh
if [ -n "$RECORD" ]; then
    for word in "$@"; do printf '%s\\0' "$word"; done > "$RECORD/arguments"
    pwd -P > "$RECORD/cwd"
    env -0 > "$RECORD/environment"
    cat > "$RECORD/input"
fi
for prompt in "$@"; do :; done
exec /bin/sh -c "$prompt"
"""


def put_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str = "claude") -> Path:
    """Write the stand-in to a folder, and put that first on PATH."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(STAND_IN)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return path


class ClaudeKit:
    """Makes prompts that are scripts."""

    kind = "claude"

    def __enter__(self) -> Self:
        self._patch = pytest.MonkeyPatch()
        self._folder = tempfile.TemporaryDirectory(prefix="oneoff-claude-")
        put_on_path(Path(self._folder.name) / "bin", self._patch)
        return self

    def __exit__(self, *error: object) -> None:
        self._patch.undo()
        self._folder.cleanup()

    def executor(self, options: Options) -> Executor:
        return ClaudeExecutor(replace(options, claude_logs=Path(self._folder.name) / "logs"))

    def prints(self, lines: Sequence[str], *, then_seconds: float = 0.0) -> ClaudeSpec:
        words = " ".join(shlex.quote(line) for line in lines)
        return ClaudeSpec(prompt=f"printf '%s\\n' {words}\nsleep {then_seconds}\n")

    def sleeps(self, seconds: float) -> ClaudeSpec:
        return ClaudeSpec(prompt=f"sleep {seconds}\n")

    def fails(self) -> ClaudeSpec:
        return ClaudeSpec(prompt="echo broken >&2\nexit 3\n")

    def floods(self, size: int) -> ClaudeSpec:
        return ClaudeSpec(prompt=f"head -c {size} /dev/zero\n")


KIT = ClaudeKit()
