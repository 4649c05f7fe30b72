"""Tells whether the page has to be built. Asked at each start, so it is quick: no import that
costs, and readable by every Python from 3.6 on.
"""

import os

SETTINGS = ("index.html", "package.json", "package-lock.json")
FOLDERS = ("build", "public", "src")
#: What the page was built from, beside the page: it comes and goes with it.
STAMP = "sources.sha256"


def page_of(home: str) -> str:
    """Return the folder of the page that is served."""
    return os.path.join(home, "app", "web", "page")


def failure_of(venv: str) -> str:
    """Return the path of the note that says for which sources a build has failed."""
    return os.path.join(venv, "oneoff-page.failed")


def files(frontend: str) -> "list[str]":
    """Return the files that the page is built from, relative to their folder."""
    found = [name for name in SETTINGS if os.path.exists(os.path.join(frontend, name))]
    found += [name for name in os.listdir(frontend) if name.endswith(".config.ts")]
    for folder in FOLDERS:
        for place, _, names in os.walk(os.path.join(frontend, folder)):
            found += [os.path.relpath(os.path.join(place, name), frontend) for name in names]
    return sorted(found)


def digest(home: str) -> str:
    """Return one number for all that the page is built from; nothing where there are no sources."""
    frontend = os.path.join(home, "frontend")
    if not os.path.exists(os.path.join(frontend, "package-lock.json")):
        return ""
    from hashlib import sha256

    whole = sha256()
    for name in files(frontend):
        with open(os.path.join(frontend, name), "rb") as file:
            whole.update(os.fsencode(name) + b"\0" + sha256(file.read()).digest())
    return whole.hexdigest()


def note(path: str) -> str:
    """Return the digest in a file; nothing if there is no such file."""
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def is_due(home: str, venv: str, again: bool = False) -> bool:
    """Return whether a build is to be tried: the page is not that of the sources, and for these
    no build has failed before, unless it is to be tried ``again``.
    """
    now = digest(home)
    if not now or now == note(os.path.join(page_of(home), STAMP)):
        return False
    return again or now != note(failure_of(venv))
