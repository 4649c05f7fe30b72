"""What setting up tells its user, and how it runs pip and npm. Standard library only."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence

Causes = Sequence[tuple[str, str]]

CAUSES: Causes = (  # what pip's words mean and what helps, the surest first
    ("No space left on device", "the disk is full; look at: df -h {venv} {temporary}"),
    ("DO NOT MATCH THE HASHES", "a package is not the one that was locked; look at: less {log}"),
    ("Permission denied", "a file can't be written; look at: ls -ld {venv} {temporary}"),
    ("CERTIFICATE_VERIFY", "an unknown certificate; name your own: PIP_CERT=/path/ca.pem ./oneoff"),
    ("connection|versions: none", "no package index in reach; a proxy? HTTPS_PROXY=URL ./oneoff"),
)


class CannotSetUp(Exception):
    """Something is in the way that only a person can remove; says what, and what helps."""


def say(text: str) -> None:
    """Tell the user what happens; standard output belongs to the command that follows."""
    print(f"oneoff: {text}", file=sys.stderr, flush=True)


def show_progress(done: int, total: int, package: str) -> None:
    """Rewrite one line in a terminal; write a few plain lines elsewhere."""
    if sys.stderr.isatty():
        line = f"oneoff:   {done} of {total} {package}" if package else ""
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
    elif package and done % max(15, total // 5) == 0:
        say(f"  {done} of {total}")


def log_of(venv: str) -> str:
    """Return the path of the file that has the words of pip and npm."""
    return os.path.join(venv, "oneoff-set-up.log")


def follow(
    command: Sequence[str],
    log: str,
    package_in: Callable[[str], str],
    total: int = 0,
    **options: object,
) -> tuple[int, list[str]]:
    """Run a command, its words in the log; return its exit code and its words.

    ``package_in`` finds the package that a line tells of, for the progress out of ``total``.
    Children inherit our descriptors, that of the lock too: an orphan keeps others out.
    """
    pipe, same = subprocess.PIPE, subprocess.STDOUT
    words: list[str] = []
    seen: set[str] = set()
    with subprocess.Popen(  # type: ignore[call-overload]
        command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=same, close_fds=False, **options
    ) as process:
        for line in process.stdout:
            words.append(line.decode(errors="replace").strip())
            package = package_in(words[-1]) if total else ""
            if package and package not in seen:
                seen.add(package)
                show_progress(len(seen), total, package)
    show_progress(len(seen), total, "")
    with open(log, "a") as file:
        file.write("\n".join([*words, ""]))
    return process.returncode, words


def run_pip(venv: str, args: Sequence[str], total: int = 0) -> None:
    """Run pip in the environment. Raises :class:`CannotSetUp` with one line that says why."""
    env = os.environ | {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    command = [os.path.join(venv, "bin", "python"), *args]
    code, words = follow(command, log_of(venv), _package_of_pip, total, env=env)
    if code:
        raise CannotSetUp(explain("pip", words, CAUSES, venv))


def _package_of_pip(line: str) -> str:
    if not line.startswith(("Collecting ", "Processing ")):
        return ""
    return line.split()[1].rsplit("/", 1)[-1]


def explain(tool: str, words: Sequence[str], causes: Causes, venv: str) -> str:
    """Return the sentence for what a tool said when it failed."""
    places = {"venv": venv, "log": log_of(venv), "temporary": tempfile.gettempdir()}
    for pattern, sentence in causes:
        if re.search(pattern, "\n".join(words), re.IGNORECASE):
            return sentence.format(**places)
    errors = [word for word in words if re.match("(npm )?error", word, re.IGNORECASE)]
    last = errors[-1] if errors else "no word why"
    return f"{tool} failed ({last}); look at: less {places['log']}"
