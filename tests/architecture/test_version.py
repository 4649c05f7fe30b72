"""The changelog and the code name the same version, and one lock contains the other."""

import re

from app.version import VERSION
from tests.architecture.source import ROOT


def pins(name):
    """Return what a lock file pins: package and version."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)", text, re.MULTILINE))


def wanted(name):
    """Return the packages that a list of requirements names."""
    lines = (ROOT / "requirements" / f"{name}.in").read_text().split()
    return {re.split(r"[\[<>=!~;]", line)[0].lower() for line in lines}


def test_the_version_is_the_newest_of_the_changelog():
    headings = re.findall(r"^## \[?(\d[^\]\s]*)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == VERSION


def test_the_developers_lock_holds_the_products_lock():
    assert pins("base").items() <= pins("dev").items()


def test_the_locks_hold_all_that_is_wanted():
    assert wanted("base") <= pins("base").keys()
    assert wanted("dev") <= pins("dev").keys()
