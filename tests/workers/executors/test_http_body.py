"""Unpacking the bodies of answers."""

import gzip
import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.executors.http_body import BLOCK_BYTES, BodyDecoder, BrokenBody, is_known

TEXT = b"some text, " * 50_000


def unpack(encoding: str, data: bytes, step: int) -> list[bytes]:
    decoder = BodyDecoder(encoding)
    pieces = [data[place : place + step] for place in range(0, len(data), step)]
    return [block for piece in pieces for block in decoder.feed(piece)]


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("step", [1, 1000, 10**9])
@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:100_000]) + gzip.compress(TEXT[100_000:])),
        ("gzip", gzip.compress(TEXT) + bytes(512)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("deflate", zlib.compress(TEXT) + b"rubbish"),
    ],
    ids=["gzip", "x-gzip", "two members", "padding", "zlib", "raw", "rubbish after"],
)
def test_a_packed_body_is_unpacked_in_small_blocks(encoding: str, packed: bytes, step: int) -> None:
    blocks = unpack(encoding, packed, step)
    assert b"".join(blocks) == TEXT
    assert max(len(block) for block in blocks) <= BLOCK_BYTES


@pytest.mark.parametrize("encoding", ["", "identity", "br", "gzip, gzip"])
def test_what_is_not_packed_or_not_known_passes(encoding: str) -> None:
    assert b"".join(unpack(encoding, TEXT, 999)) == TEXT


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_broken_body_is_said_to_be_broken(encoding: str) -> None:
    with pytest.raises(BrokenBody, match="can't be unpacked"):
        unpack(encoding, b"\x00\xff rubbish", 100)


def test_the_encodings_that_can_be_read_are_known() -> None:
    assert [e for e in ("", "identity", "gzip", "x-gzip", "deflate", "br") if not is_known(e)] == [
        "br"
    ]


@given(st.integers(0, 300_000), st.integers(1, 70_000))
def test_a_body_of_any_size_is_whole(size: int, step: int) -> None:
    data = os.urandom(min(size, 1000)) * (size // 1000 + 1)
    assert b"".join(unpack("gzip", gzip.compress(data, 1), step)) == data
