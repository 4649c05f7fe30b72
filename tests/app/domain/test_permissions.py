"""Each permission is told in words; the page has some of its own in each of its languages."""

import re
from pathlib import Path

import pytest

from app.domain.permissions import PERMISSIONS

_PAGE = Path(__file__).parents[3] / "frontend" / "src" / "i18n"


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_page_has_words_for_each(language):
    texts = (_PAGE / language / "people.ts").read_text()
    block = re.search(r"^  may: {\n(.*?)^  },", texts, re.DOTALL | re.MULTILINE)
    assert block is not None
    found = dict(re.findall(r"^    (\w+): \"(.+)\",$", block[1], re.MULTILINE))
    assert set(found) == {re.sub("[:-]", "_", name) for name in PERMISSIONS}
