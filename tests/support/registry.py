"""A registry of images on loopback, which engines trust without TLS: it has one small image."""

import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


class Registry:
    """``tool`` can be pulled; ``private`` is refused; ``slow`` hangs; ``broken`` fails."""

    def __init__(self, busybox: Path) -> None:
        self.hung_up = threading.Event()
        self.asked = threading.Event()
        self._release = threading.Event()
        self._blobs: dict[str, bytes] = {}
        self._manifest = self._make(busybox)
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                registry._answer(self)

            do_HEAD = do_GET  # noqa: N815 - the name that the server looks for

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._release.set()
        self._server.shutdown()
        self._server.server_close()

    def _make(self, busybox: Path) -> bytes:
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w") as tar:
            entry = tarfile.TarInfo("bin/sh")
            entry.size, entry.mode = busybox.stat().st_size, 0o755
            with busybox.open("rb") as content:
                tar.addfile(entry, content)
        layer = gzip.compress(file.getvalue(), 1)
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {"Entrypoint": ["/bin/sh", "-c"], "Cmd": ["echo pulled"]},
                "rootfs": {"type": "layers", "diff_ids": [_digest(file.getvalue())]},
            }
        ).encode()
        parts = [(_CONFIG, config), (_LAYER, layer)]
        self._blobs = {_digest(blob): blob for _, blob in parts}
        described = [
            {"mediaType": kind, "size": len(blob), "digest": _digest(blob)} for kind, blob in parts
        ]
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": described[0],
            "layers": described[1:],
        }
        return json.dumps(manifest).encode()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        name, _, what = request.path.removeprefix("/v2/").partition("/")
        special: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {
            "": lambda r: _send(r, 200, b"{}"),
            "private": lambda r: _send(r, 403, _error("DENIED", "access denied")),
            "broken": lambda r: _send(r, 500, b"out of order"),
            "slow": self._hang,
        }
        if name in special:
            special[name](request)
        elif name == "tool" and what in {
            "manifests/latest",
            f"manifests/{_digest(self._manifest)}",
        }:
            _send(request, 200, self._manifest, _MANIFEST)
        elif name == "tool" and what.removeprefix("blobs/") in self._blobs:
            _send(
                request, 200, self._blobs[what.removeprefix("blobs/")], "application/octet-stream"
            )
        else:
            _send(request, 404, _error("MANIFEST_UNKNOWN", "manifest unknown"))

    def _hang(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.set()
        request.connection.settimeout(0.1)
        while not self._release.is_set():
            try:
                if not request.connection.recv(1):
                    self.hung_up.set()
                    break
            except TimeoutError:
                continue
        request.close_connection = True


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _error(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


def _send(
    request: BaseHTTPRequestHandler, status: int, body: bytes, kind: str = "application/json"
) -> None:
    request.send_response(status)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(body)))
    request.send_header("Docker-Content-Digest", _digest(body))
    request.end_headers()
    if request.command == "GET":
        request.wfile.write(body)
