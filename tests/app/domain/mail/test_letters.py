"""The words of e-mails."""

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.mail.letters import LANGUAGES, MOST_CHARACTERS, MOST_LINES, Notice, render, trial
from app.domain.mail.notices import KINDS

MOMENT = datetime(2030, 1, 31, 9, 0, tzinfo=UTC)


def notice(**over):
    values = {"kind": "failure", "job_id": "j1", "job_name": "nightly", "execution_id": "e1"}
    return Notice(**values | {"status": "failed"} | over)


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text = set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text += data


def test_both_forms_say_what_happened_and_where_to_look():
    letter = render(
        notice(
            attempt=2,
            started_at=MOMENT,
            completed_at=MOMENT,
            duration_ms=1500,
            exit_code=3,
            error="exit status 3",
            output="first\nlast line",
            left_out=4,
        ),
        "en",
        "https://jobs.example.com",
    )
    assert letter.subject == "[OneOff] Failed: nightly"
    wanted = (
        "nightly has failed",
        "4 times more",
        "Attempt",
        "1.500 s",
        "exit status 3",
        "last line",
    )
    for form in (letter.text, Tags(letter.html).text):
        assert all(words in form for words in wanted), form
        assert "2030-01-31T09:00:00.000Z" in form
    for form in (letter.text, letter.html):
        assert "https://jobs.example.com/executions/e1" in form
        assert "https://jobs.example.com/jobs/j1" in form
    assert "http" not in render(notice(), "en").text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_is_told_in_every_language(kind, language):
    letter = render(notice(kind=kind, in_a_row=3), language)
    assert "nightly" in letter.subject
    assert "{" not in letter.subject + letter.text + letter.html
    assert LANGUAGES[language].keys() == LANGUAGES["en"].keys()


def test_vietnamese_is_vietnamese():
    assert render(notice(), "vi").subject == "[OneOff] Thất bại: nightly"
    assert "Thư thử" in trial("vi").subject


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_nothing_of_a_job_steers_the_mail(name, error, output):
    letter = render(notice(job_name=name, error=error, output=output), "en", "https://x.example")
    assert "\n" not in letter.subject
    assert "\r" not in letter.subject + letter.text
    assert len(letter.subject) <= 200
    assert Tags(letter.html).tags <= {
        *("html", "head", "meta", "body", "p", "table", "tr", "th", "td", "a", "pre")
    }
    for form in (letter.subject, letter.text, letter.html):
        form.encode()
        assert "\0" not in form
        assert "\x1b" not in form


def test_markup_is_shown_as_it_is():
    letter = render(notice(job_name="<script>alert(1)</script>", output="<img src=x>"), "en")
    assert "<script" not in letter.html
    assert "<img" not in letter.html
    assert "<img src=x>" in Tags(letter.html).text


def test_a_name_with_a_place_in_it_is_not_filled():
    assert render(notice(job_name="{number}"), "en").subject == "[OneOff] Failed: {number}"


def test_colours_are_left_out_and_a_long_output_is_cut_to_its_end():
    lines = "\n".join(f"\x1b[31mline {number}\x1b[0m" for number in range(10_000))
    text = render(notice(output=lines), "en").text
    assert "\nline 9999\n" in text
    assert text.count("line ") == MOST_LINES
    assert len(render(notice(output="x" * 10**6), "en").text) < MOST_CHARACTERS + 1000
