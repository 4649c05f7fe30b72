"""Output: numbered without loss within the limit, head and tail beyond it, memory bounded."""

import json

from hypothesis import given
from hypothesis import strategies as st

from workers.log_sink import Chunk, LogSink

_text = st.text(st.characters(exclude_characters="\n\r\x00", codec="utf-8"), max_size=30)


def _drain(sink: LogSink) -> list[Chunk]:
    chunks = []
    while (chunk := sink.take(final=True)) is not None:
        chunks.append(chunk)
    return chunks


def _kept(chunks: list[Chunk]) -> list[Chunk]:
    dropped = {number for chunk in chunks for number in chunk.drop}
    return [chunk for chunk in chunks if chunk.first not in dropped]


def _lines(chunks: list[Chunk]) -> dict[int, str]:
    found: dict[int, str] = {}
    for chunk in _kept(chunks):
        number = chunk.first
        for _stream, _at, text in json.loads(chunk.body):
            for line in text.removesuffix("\n").split("\n"):
                found[number] = line
                number += 1
        assert number == chunk.last + 1
    return found


@given(st.lists(_text, min_size=1, max_size=60), st.integers(1, 40))
def test_within_the_limit_every_line_is_kept_in_order_however_it_is_cut(
    lines: list[str], size: int
) -> None:
    sink = LogSink("x", 1_000_000)
    data = "".join(line + "\n" for line in lines).encode()
    for start in range(0, len(data), size):
        sink.write("stdout", data[start : start + size])
    assert _lines(_drain(sink)) == dict(enumerate(lines, 1))
    assert not sink.truncated


@given(st.integers(2_000, 20_000), st.integers(1, 5), st.integers(1_024, 8_192))
def test_beyond_the_limit_head_and_tail_are_kept_and_storage_is_bounded(
    count: int, every: int, limit: int
) -> None:
    sink = LogSink("x", limit)
    chunks: list[Chunk] = []
    for number in range(1, count + 1):
        sink.write("stdout", b"line %d\n" % number)
        if number % (every * 97) == 0 and (chunk := sink.take()):
            chunks.append(chunk)
    chunks += _drain(sink)
    lines = _lines(chunks)
    assert lines[1] == "line 1"
    assert lines[count] == f"line {count}"
    assert all(text == f"line {number}" for number, text in lines.items())
    assert sum(len(text) + 1 for text in lines.values()) <= 2 * limit
    assert sink.truncated


def test_an_endless_line_is_broken_and_does_not_fill_the_memory() -> None:
    sink = LogSink("x", 100_000)
    for _ in range(300):
        sink.write("stdout", b"x" * 100_000)
    kept = sum(len(chunk.body) for chunk in _kept(_drain(sink)))
    assert kept < 400_000


def test_streams_keep_their_unfinished_lines_apart() -> None:
    sink = LogSink("x", 10_000)
    sink.write("stdout", b"out ")
    sink.write("stderr", b"err\n")
    sink.write("stdout", b"put")
    body = [json.loads(chunk.body) for chunk in _drain(sink)]
    texts = [(stream, text) for blocks in body for stream, _at, text in blocks]
    assert texts == [("stderr", "err\n"), ("stdout", "out put\n")]


def test_bytes_that_are_no_text_become_replacement_characters() -> None:
    sink = LogSink("x", 10_000)
    sink.write("stdout", b"\xff\x00ok\n")
    assert "\\ufffd\\ufffdok" in json.dumps(json.loads(_drain(sink)[0].body))


def test_the_tail_for_lists_shows_both_streams_with_a_separator() -> None:
    sink = LogSink("x", 10_000)
    sink.write("stdout", b"a\n")
    sink.write("stderr", b"b\n")
    assert sink.tail() == "a\n--- STDERR ---\nb\n"


def test_the_tail_of_stderr_alone_has_no_separator() -> None:
    sink = LogSink("x", 10_000)
    sink.write("stderr", b"b\n")
    assert sink.tail() == "b\n"


def test_a_chunk_that_could_not_be_written_comes_again_first() -> None:
    sink = LogSink("x", 10_000)
    sink.write("stdout", b"one\n")
    chunk = sink.take()
    assert chunk is not None
    sink.write("stdout", b"two\n")
    sink.give_back(chunk)
    assert [c.first for c in _drain(sink)] == [1, 2]
