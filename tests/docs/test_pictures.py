"""The pictures of the docs: there, small, shown somewhere, and what the script takes."""

import re

import pytest

from docs.screenshots import IMAGES, SHOTS
from tests.architecture.test_docs import PAGES

MOST_BYTES = 2_000_000
_PICTURE = re.compile(r"!\[([^\]]*)\]\([^)]*images/([\w-]+)\.webp\)")


@pytest.fixture(scope="module")
def shown() -> dict[str, str]:
    """Return what is shown on some page: the name of a picture and what is said of it."""
    found = (pair for page in PAGES for pair in _PICTURE.findall(page.read_text()))
    return {name: words for words, name in found}


def test_each_picture_is_taken_by_the_script_and_shown(shown):
    there = {path.stem for path in IMAGES.iterdir() if path.is_file()}
    assert there == {shot.name for shot in SHOTS} == set(shown)


def test_each_picture_is_described_for_those_who_do_not_see_it(shown):
    assert [name for name, words in shown.items() if len(words) < 10] == []


def test_they_are_small_together():
    assert sum(path.stat().st_size for path in IMAGES.iterdir() if path.is_file()) <= MOST_BYTES


def test_they_are_pictures():
    for shot in SHOTS:
        head = (IMAGES / f"{shot.name}.webp").read_bytes()[:12]
        assert (head[:4], head[8:]) == (b"RIFF", b"WEBP")
