"""Decodes the body of an answer block by block, so that no bomb fits into memory."""

import zlib
from collections.abc import Iterator

BLOCK_BYTES = 65536
#: What :class:`BodyDecoder` can undo; asked for by ``Accept-Encoding``.
ENCODINGS = ("gzip", "deflate")

_PLAIN = frozenset({"", "identity"})
_GZIP = frozenset({"gzip", "x-gzip"})


def is_known(encoding: str) -> bool:
    """Return whether a body with this ``Content-Encoding`` can be read."""
    return encoding in _PLAIN or encoding in _GZIP or encoding == "deflate"


class BrokenBody(Exception):
    """The body is not what its ``Content-Encoding`` says."""


class BodyDecoder:
    """Undoes one content encoding; passes on what it does not know."""

    def __init__(self, encoding: str) -> None:
        self._is_gzip = encoding in _GZIP
        self._is_packed = self._is_gzip or encoding == "deflate"
        self._unpacker: zlib._Decompress | None = None
        self._has_whole = False
        self._is_over = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what these bytes stand for, in blocks of at most :data:`BLOCK_BYTES`.

        Raises :class:`BrokenBody` when they make no sense.
        """
        if not self._is_packed:
            yield data
            return
        try:
            yield from self._unpack(data)
        except zlib.error:
            raise BrokenBody("the packed body can't be unpacked") from None

    def _unpack(self, data: bytes) -> Iterator[bytes]:
        block = b""
        while (data or len(block) == BLOCK_BYTES) and not self._is_over:
            unpacker = self._unpacker or self._begin(data)
            if unpacker is None:
                return
            block = unpacker.decompress(data, BLOCK_BYTES)
            if block:
                yield block
            data = unpacker.unconsumed_tail
            if unpacker.eof:
                data, block, self._unpacker = unpacker.unused_data, b"", None
                self._has_whole = True

    def _begin(self, data: bytes) -> "zlib._Decompress | None":
        """Start on a member. After a whole one, only another gzip member may follow."""
        if self._has_whole and not (self._is_gzip and data.startswith(b"\x1f")):
            self._is_over = True
            return None
        bits = zlib.MAX_WBITS | 16 if self._is_gzip else zlib.MAX_WBITS
        if not self._is_gzip and data[0] & 0x0F != zlib.DEFLATED:  # many servers send it bare
            bits = -zlib.MAX_WBITS
        self._unpacker = zlib.decompressobj(bits)
        return self._unpacker
