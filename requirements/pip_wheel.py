"""Fetches pip's own wheel from the package index, for a Python that comes without pip.

Runs before anything is installed, so it stands on the standard library alone. It obeys pip's own
settings: PIP_* variables and pip.conf (index-url, cert, proxy, timeout), and HTTPS_PROXY.
"""

import base64
import configparser
import hashlib
import html
import json
import os
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException

NAME = "pip-26.3-py3-none-any.whl"
SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"

Settings = dict[str, str]


class CannotFetch(Exception):
    """The wheel could not be had; says why, and what helps."""


class NoCertificates(CannotFetch):
    """Nothing on this machine tells which certificates to trust."""


def fetch(folder: str) -> str:
    """Download the wheel into the folder, check its hash, return its path."""
    settings = read_settings()
    page = settings.get("index-url", "https://pypi.org/simple").rstrip("/") + "/pip/"
    address = find_link(page, *download(page, settings))
    if address is None:
        raise CannotFetch(f"{page} has no {NAME}; look at: pip config list")
    content, _ = download(address, settings)
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise CannotFetch(f"{address} is not the {NAME} we know; try once more: ./oneoff")
    path = os.path.join(folder, NAME)
    with open(path, "wb") as file:
        file.write(content)
    return path


def read_settings() -> Settings:
    """Return pip's settings: the machine's files first, then the user's, then the environment."""
    home = os.path.expanduser("~")
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    files = ["/etc/xdg/pip/pip.conf", "/etc/pip.conf", f"{home}/.pip/pip.conf"]
    files += [f"{config}/pip/pip.conf", os.environ.get("PIP_CONFIG_FILE", "")]
    parser = configparser.RawConfigParser()
    try:
        parser.read([] if files[-1] == os.devnull else files)
    except configparser.Error as error:
        words = " ".join(str(error).split())
        raise CannotFetch(
            f"pip's settings are unreadable: {words}; try: pip config debug"
        ) from error
    sections = [parser[name] for name in ("global", "install") if name in parser]
    found = [item for section in sections for item in section.items()]
    found += [(key[4:], value) for key, value in os.environ.items() if key.startswith("PIP_")]
    return {key.lower().replace("_", "-"): value for key, value in found}


def find_link(page: str, body: bytes, kind: str) -> str | None:
    """Return the address of the wheel on the project's page, which is JSON or HTML."""
    if "json" in kind:
        links = [file["url"] for file in json.loads(body)["files"]]
    else:
        links = re.findall(r"""href\s*=\s*["'](.*?)["']""", body.decode(errors="replace"))
    absolute = [urllib.parse.urljoin(page, html.unescape(link)) for link in links]
    found = [link for link in absolute if urllib.parse.urlsplit(link).path.endswith(f"/{NAME}")]
    return found[0] if found else None


def download(address: str, settings: Settings) -> tuple[bytes, str]:
    """Return the content at an address, and its type."""
    plain, secret = split_secret(address)
    kinds = "application/vnd.pypi.simple.v1+json, text/html;q=0.2, */*;q=0.1"
    request = urllib.request.Request(plain, headers={"Accept": kinds, "User-Agent": "oneoff"})
    if secret:
        request.add_unredirected_header("Authorization", f"Basic {secret}")
    seconds = float(settings.get("timeout") or settings.get("default-timeout") or 30)
    try:
        with make_opener(settings).open(request, timeout=seconds) as answer:
            return answer.read(), answer.headers.get("Content-Type", "")
    except (OSError, HTTPException) as error:
        raise explain(plain, error, settings) from error


def split_secret(address: str) -> tuple[str, str]:
    """Return an address without the user and password in it, and these as HTTP wants them."""
    parts = urllib.parse.urlsplit(address)
    pair, _, host = parts.netloc.rpartition("@")
    secret = base64.b64encode(urllib.parse.unquote(pair).encode()).decode()
    return parts._replace(netloc=host).geturl(), secret


def make_opener(settings: Settings) -> urllib.request.OpenerDirector:
    """Return what opens addresses with pip's certificates and proxy, else with the system's."""
    cert = settings.get("cert") or os.environ.get("REQUESTS_CA_BUNDLE")
    folder, file = (cert, None) if cert and os.path.isdir(cert) else (None, cert)
    context = ssl.create_default_context(cafile=file, capath=folder)
    handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=context)]
    if settings.get("proxy"):
        proxies = dict.fromkeys(("http", "https"), settings["proxy"])
        handlers.append(urllib.request.ProxyHandler(proxies))
    return urllib.request.build_opener(*handlers)


def explain(address: str, error: Exception, settings: Settings) -> CannotFetch:
    """Return what to tell about a download that failed."""
    reason = getattr(error, "reason", error)
    if isinstance(error, urllib.error.HTTPError):
        error.close()
    if not isinstance(reason, ssl.SSLCertVerificationError):
        help_ = "if there is a proxy, name it: HTTPS_PROXY=http://HOST:PORT ./oneoff"
        return CannotFetch(f"{address} can't be reached ({reason}); {help_}")
    if settings.get("cert") or has_certificates():
        help_ = "name the file of your own authority: PIP_CERT=/path/to/ca.pem ./oneoff"
        return CannotFetch(f"{address} shows a certificate unknown here; {help_}")
    return NoCertificates("this machine has no CA certificates; get them")


def has_certificates() -> bool:
    """Return whether the system has certificates of authorities at the usual places."""
    places = ssl.get_default_verify_paths()
    return bool(places.cafile or (places.capath and os.listdir(places.capath)))
