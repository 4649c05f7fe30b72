"""The stream of a container is taken apart, wherever its blocks are cut."""

import tracemalloc

import pytest

from workers.executors.docker_frames import Frames


def frame(number: int, data: bytes) -> bytes:
    return bytes([number, 0, 0, 0]) + len(data).to_bytes(4) + data


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 100])
def test_frames_are_put_together_however_they_are_cut(size: int) -> None:
    sent = frame(1, b"out 1\n") + frame(2, b"err\n") + frame(1, b"") + frame(1, b"out 2\n" * 5)
    frames, got = Frames(), {"stdout": b"", "stderr": b""}
    for start in range(0, len(sent), size):
        for stream, part in frames.feed(sent[start : start + size]):
            got[stream] += part
    assert got == {"stdout": b"out 1\n" + b"out 2\n" * 5, "stderr": b"err\n"}


def test_a_frame_is_passed_on_before_all_of_it_is_there() -> None:
    frames = Frames()
    head = b"\1\0\0\0\xff\xff\xff\xff"
    assert list(frames.feed(head + b"begin")) == [("stdout", b"begin")]
    block = bytes(1_000_000)
    tracemalloc.start()
    for _ in range(20):
        for _ in frames.feed(block):
            pass
    assert tracemalloc.get_traced_memory()[0] < 2_000_000
    tracemalloc.stop()
