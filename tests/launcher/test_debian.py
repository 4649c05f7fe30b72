"""The launcher on a Debian with nothing but its bare python3: no pip, no ensurepip, at first no
certificates of authorities either."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.launcher.conftest import PRODUCT, ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

#: Python 3.11, the oldest we run on.
RELEASE = "bookworm"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: Where a tester reaches the package index; the machine under test needs to be told as well.
NETWORK = ("PIP_INDEX_URL", "HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "no_proxy")
FOLDERS = ("app", "workers", "beat", "migrations", "requirements")


def lacking() -> str:
    """Return why no Debian can be made here; empty if it can."""
    if os.geteuid():
        return "only root can make a Debian and change into it"
    return "" if shutil.which("debootstrap") else "debootstrap is not installed"


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    """Return the folder of a fresh Debian that holds a copy of this checkout."""
    if reason := lacking():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    folder = tmp_path_factory.mktemp("debian")
    folder.parent.chmod(0o755)
    folder.chmod(0o755)
    command = ["debootstrap", "--variant=minbase", "--include=python3", RELEASE, folder]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    copy_checkout(folder / "oneoff")
    yield folder
    shutil.rmtree(folder)


def copy_checkout(to: Path) -> None:
    """Copy what the product consists of; with a product of one line where there is none yet."""
    to.mkdir()
    shutil.copy(ROOT / "oneoff", to)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    product = to / "app" / "cli" / "__main__.py"
    if not product.exists():
        product.write_text(PRODUCT)


def run(debian: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `./oneoff version` in there, with an environment as after a login."""
    known = {name: os.environ[name] for name in NETWORK if name in os.environ}
    return subprocess.run(
        ["chroot", debian, "/oneoff/oneoff", "version"],
        env={"PATH": PATH, "HOME": "/root", **known, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def bring_certificates(debian: Path) -> dict[str, str]:
    """Do what installing ca-certificates does, with the authorities that this machine trusts."""
    ours = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    (debian / bundle[1:]).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ours, debian / bundle[1:])
    return {"SSL_CERT_FILE": bundle, "PIP_CERT": bundle}


def test_a_bare_debian_names_what_it_lacks_and_then_sets_itself_up(debian):
    without = run(debian)
    assert without.returncode == 1
    lines = without.stderr.splitlines()
    assert lines[0].startswith("oneoff: setting up in /oneoff/.venv with Python 3.11")
    assert len(lines) == 2
    assert lines[1].startswith("oneoff: this machine has no CA certificates; get them: ")
    assert lines[1].endswith("apt-get install -y ca-certificates")

    certificates = bring_certificates(debian)
    first = run(debian, **certificates)
    assert first.returncode in {0, 1}, first.stderr
    assert "oneoff: set up in " in first.stderr
    assert "Traceback" not in first.stderr

    second = run(debian)
    assert second.stderr == ""
    assert second.stdout == first.stdout != ""
