"""Whatever a page is asked to lead to, it stays on our site."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.own_paths import HOME, own_path

OURS = "https://ours.test"


@pytest.mark.parametrize("path", ["/", "/docs", "/a/b?c=d&e=/f#g", "/%2f/evil.test", "/a//b"])
def test_our_own_paths_are_kept(path):
    assert own_path(path) == path


def as_browsers_read(text):
    """Return a reference as browsers take it: controls fall out, a backslash is a slash."""
    kept = "".join(c for c in text if c not in "\t\r\n").strip("".join(map(chr, range(33))))
    return kept.replace("\\", "/")


@given(st.text(st.sampled_from("/\\:.@?#%ab\t\n\r \0") | st.characters(), max_size=12))
@example("//evil.test")
@example("/\\evil.test")
@example("/\t/evil.test")
@example("\t//evil.test")
@example("/ /evil.test")
@example("https:evil.test")
@example("javascript:alert(1)")
@example("/" + "a" * 3000)
def test_nothing_leads_elsewhere(text):
    found = own_path(text)
    assert found in {text, HOME}
    there = urlsplit(urljoin(OURS, as_browsers_read(found)))
    assert (there.scheme, there.netloc) == ("https", "ours.test")
