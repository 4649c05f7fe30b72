"""Who runs a script: the interpreter its first line names, as the kernel would read it."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from workers.executors.refusal import Refusal

_DEFAULT = "/bin/sh"
#: The kernel reads no more of a first line than this.
HEAD = 256


def command_for(path: str, head: bytes, env: Mapping[str, str], cwd: str) -> list[str]:
    """Return the arguments that run the script at ``path``, which begins with ``head``.

    The interpreter is named outright, so that it works where the script's file system is mounted
    noexec and the file has no execute bit. A program (it has NUL bytes) is run as it is.
    """
    if b"\0" in head and os.access(path, os.X_OK):
        return [path]
    line = head[:HEAD].partition(b"\n")[0]
    if not line.startswith(b"#!"):
        return [_DEFAULT, path]
    words = os.fsdecode(line[2:]).strip(" \t\r").split(maxsplit=1)
    if not words:
        return [_DEFAULT, path]
    _check(words, env, cwd)
    return [*words, path]


def _check(words: list[str], env: Mapping[str, str], cwd: str) -> None:
    """Find what is missing before the start, so that it can be named."""
    interpreter = Path(cwd, words[0])
    if not interpreter.is_file():
        raise _missing(words[0])
    if interpreter.name == "env" and len(words) > 1 and not words[1].startswith("-"):
        program = words[1].strip()
        if "=" not in program and not shutil.which(program, path=env.get("PATH", os.defpath)):
            raise _missing(program)


def _missing(name: str) -> Refusal:
    text = f"The script's #! line names the interpreter {name}, which is not there"
    return Refusal("INTERPRETER_NOT_FOUND", text)
