"""Fetching pip's wheel from package indexes of all sorts."""

import base64
import hashlib
import json
import ssl
import urllib.error
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from requirements import pip_wheel

WHEEL = b"what pip would be"
LINK = f"../../files/{pip_wheel.NAME}"
JSON = json.dumps({"files": [{"url": "../x.whl"}, {"url": LINK}]}).encode()
HTML = f'<a href="../x.whl">x</a> <a\n href = "{LINK}#sha256=0&amp;x">pip</a>'.encode()


class Index(ThreadingHTTPServer):
    """A package index; notes what it is asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[tuple[str, str | None]] = []
        self.pages = {f"/files/{pip_wheel.NAME}": ("application/zip", WHEEL)}


class Answer(BaseHTTPRequestHandler):
    """One answer of the index."""

    def do_GET(self):
        server = self.server
        assert isinstance(server, Index)
        server.asked.append((self.path, self.headers.get("Authorization")))
        kind, content = server.pages.get(self.path, ("", b""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        return


@pytest.fixture
def index(monkeypatch):
    server = Index()
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(pip_wheel, "SHA256", hashlib.sha256(WHEEL).hexdigest())
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("kind", "page"),
    [("application/vnd.pypi.simple.v1+json", JSON), ("text/html; charset=utf-8", HTML)],
)
def test_the_wheel_is_found_in_both_forms_of_an_index(index, tmp_path, kind, page):
    index.pages["/simple/pip/"] = (kind, page)
    path = pip_wheel.fetch(str(tmp_path))
    assert path == str(tmp_path / pip_wheel.NAME)
    assert (tmp_path / pip_wheel.NAME).read_bytes() == WHEEL


def test_a_wheel_with_another_hash_is_refused_and_not_kept(index, tmp_path, monkeypatch):
    index.pages["/simple/pip/"] = ("text/html", HTML)
    monkeypatch.setattr(pip_wheel, "SHA256", "0" * 64)
    with pytest.raises(pip_wheel.CannotFetch, match="is not the pip"):
        pip_wheel.fetch(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_an_index_without_the_wheel_is_named(index, tmp_path):
    index.pages["/simple/pip/"] = ("text/html", b"<a href='other.whl'>x</a>")
    with pytest.raises(pip_wheel.CannotFetch, match=r"/simple/pip/ has no pip"):
        pip_wheel.fetch(str(tmp_path))


def test_an_index_that_is_not_there_is_named(index, tmp_path):
    with pytest.raises(
        pip_wheel.CannotFetch, match=r"can't be reached \(Not Found\).*HTTPS_PROXY="
    ):
        pip_wheel.fetch(str(tmp_path))


def test_user_and_password_of_the_address_are_sent_and_never_shown(index, tmp_path, monkeypatch):
    address = f"http://me:p%40ss@127.0.0.1:{index.server_port}/simple"
    monkeypatch.setenv("PIP_INDEX_URL", address)
    with pytest.raises(pip_wheel.CannotFetch) as caught:
        pip_wheel.fetch(str(tmp_path))
    secret = base64.b64encode(b"me:p@ss").decode()
    assert index.asked == [("/simple/pip/", f"Basic {secret}")]
    assert "p%40ss" not in str(caught.value)
    index.pages["/simple/pip/"] = ("text/html", HTML)
    pip_wheel.fetch(str(tmp_path))
    assert {header for _, header in index.asked} == {f"Basic {secret}"}


def test_settings_come_from_files_and_the_environment_wins(tmp_path, monkeypatch):
    for name in ("PIP_INDEX_URL", "PIP_CERT", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / ".pip").mkdir()
    (tmp_path / ".pip" / "pip.conf").write_text("[global]\nindex-url = old\ncert = old\n")
    (tmp_path / "config" / "pip").mkdir(parents=True)
    text = "[global]\nindex_url = https://a\nproxy = http://p\n[install]\nindex-url = https://b\n"
    (tmp_path / "config" / "pip" / "pip.conf").write_text(text)
    settings = pip_wheel.read_settings()
    assert (settings["index-url"], settings["proxy"]) == ("https://b", "http://p")
    assert settings["cert"] == "old"
    monkeypatch.setenv("PIP_INDEX_URL", "https://c")
    assert pip_wheel.read_settings()["index-url"] == "https://c"
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert "proxy" not in pip_wheel.read_settings()


def test_an_unreadable_settings_file_is_named(tmp_path, monkeypatch):
    (tmp_path / "pip.conf").write_text("nonsense")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    with pytest.raises(pip_wheel.CannotFetch, match=r"pip\.conf.*try: pip config debug"):
        pip_wheel.read_settings()


def test_a_proxy_of_pips_settings_is_used(index):
    index.pages["http://pypi.invalid/simple/pip/"] = ("text/html", b"by proxy")
    settings = {"proxy": f"http://127.0.0.1:{index.server_port}"}
    assert pip_wheel.download("http://pypi.invalid/simple/pip/", settings)[0] == b"by proxy"


@pytest.mark.parametrize(
    ("settings", "certificates", "kind", "help_"),
    [
        ({}, False, pip_wheel.NoCertificates, "no CA certificates"),
        ({}, True, pip_wheel.CannotFetch, "PIP_CERT="),
        ({"cert": "x"}, False, pip_wheel.CannotFetch, "PIP_CERT="),
    ],
)
def test_a_certificate_that_is_not_trusted_is_explained(
    monkeypatch, settings, certificates, kind, help_
):
    monkeypatch.setattr(pip_wheel, "has_certificates", lambda: certificates)
    error = urllib.error.URLError(ssl.SSLCertVerificationError("unknown issuer"))
    problem = pip_wheel.explain("https://x", error, settings)
    assert type(problem) is kind
    assert help_ in str(problem)
