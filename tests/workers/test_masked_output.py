"""Secrets do not reach the ledger, however an executor writes them; all else is as without them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.masking import NOTHING, Masker
from workers.executors.ending import Tail
from workers.log_sink import LogSink, MaskedOutput, without_secrets

SECRET = "correct-horse+battery"


def written(sink: LogSink, *, gaps: bool = False) -> list[tuple[str, str]]:
    """Return stream and text of each line, in the order of their numbers."""
    lines, number = [], 1
    while (chunk := sink.take(final=True)) is not None:
        assert gaps or chunk.first == number
        for stream, _, text in json.loads(chunk.body):
            lines += [(stream, line) for line in text.removesuffix("\n").split("\n")]
        number = chunk.last + 1
    return lines


def test_without_secrets_the_sink_itself_is_written_to():
    sink = LogSink("x", 10_000)
    with without_secrets(sink, NOTHING) as output:
        assert output is sink


@given(st.integers(1, 120))
def test_cut_anywhere_no_secret_is_stored_and_lines_keep_their_numbers(size):
    sink = LogSink("x", 10_000)
    text = f"one {SECRET} two\n{SECRET}\n\nthree {SECRET[:9]}\nfour {SECRET}".encode()
    with without_secrets(sink, Masker([SECRET])) as output:
        for start in range(0, len(text), size):
            output.write("stdout", text[start : start + size])
    lines = written(sink)
    wanted = ["one *** two", "***", "", f"three {SECRET[:9]}", "four ***"]
    assert lines == [("stdout", line) for line in wanted]
    assert sink.tail() == "\n".join(wanted)


def test_streams_are_masked_apart_from_each_other():
    sink = LogSink("x", 10_000)
    with without_secrets(sink, Masker([SECRET])) as output:
        output.write("stdout", SECRET[:10].encode())
        output.write("stderr", f"err {SECRET[:10]}".encode())
        output.write("stderr", f"{SECRET[10:]}\n".encode())
        output.write("stdout", SECRET[10:].encode())
    assert sorted(written(sink)) == [("stderr", "err ***"), ("stdout", "***")]


def test_what_is_held_back_at_the_end_is_stored_even_if_the_executor_breaks():
    sink = LogSink("x", 10_000)

    def breaks() -> None:
        with without_secrets(sink, Masker([SECRET])) as output:
            output.write("stdout", SECRET[:10].encode())
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        breaks()
    assert written(sink) == [("stdout", SECRET[:10])]


def test_beyond_the_limit_head_and_tail_are_masked_and_the_gap_is_marked():
    sink = LogSink("x", 4_096)
    output = MaskedOutput(sink, Masker([SECRET]))
    for number in range(2_000):
        output.write("stdout", f"{number} {SECRET}\n".encode())
    output.end()
    lines = written(sink, gaps=True)
    assert lines[0] == ("stdout", "0 ***")
    assert lines[-1] == ("stdout", "1999 ***")
    assert not any(SECRET[:8] in line for _, line in lines)
    assert sink.truncated
    assert 2_000 < sum(len(line) + 1 for _, line in lines) <= 4_096


def test_a_secret_at_the_border_of_the_longest_line_is_masked():
    sink = LogSink("x", 1_000_000)
    output = MaskedOutput(sink, Masker([SECRET]))
    output.write("stdout", b"x" * 65_530 + SECRET.encode() + b"y" * 10)
    output.end()
    assert SECRET[:6] not in "".join(text for _, text in written(sink))


def test_the_tail_for_errors_is_masked_before_it_is_cut():
    tail = Tail(Masker([SECRET]))
    for _ in range(200):
        tail.add(f"{SECRET} ".encode())
    assert tail.text().replace("***", "").strip("* ") == ""
    plain = Tail(NOTHING)
    plain.add("ä".encode() * 600)
    assert plain.text() == "ä" * 512
    plain.add(b"\x80x" * 600)
    assert len(plain.text().encode("utf-8")) <= 3 * 1024
