"""Stand-ins for the images that the Dockerfile and docker-compose.yml name.

They are built here from Debian's packages, because a machine that tests may reach no registry of
images. So the two files are tested as they are; the real images are not.
"""

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Self

from tests.support.docker_engine import DockerEngine
from tests.support.servers import missing
from tests.support.shared import Shared

SYSTEM = (
    *("base-files", "base-passwd", "coreutils", "dash", "findutils", "grep", "hostname"),
    *("libc-bin", "login", "passwd", "sed", "util-linux"),
)
#: What the images stand on: made side by side, to unpack is work for one core each.
PROGRAMS, SERVERS = "oneoff-test-python:1", "oneoff-test-servers:1"
BASES = {
    PROGRAMS: (*SYSTEM, "python3", "python3-venv"),
    SERVERS: (*SYSTEM, "postgresql", "redis-server"),
}
#: Pages to read, and what PostgreSQL only needs for its just-in-time compiler and its wrappers.
NEEDLESS = (
    *("usr/share/man", "usr/share/doc", "usr/share/locale", "usr/share/i18n"),
    *("usr/share/perl", "usr/lib/*/perl", "usr/lib/*/libLLVM*", "usr/lib/*/libz3*"),
    *("usr/lib/postgresql/*/lib/llvmjit*", "usr/lib/postgresql/*/lib/bitcode"),
)
#: What the packages' own scripts would have made, had they been run.
SET_UP = """\
RUN mkdir -p /usr/local/bin && cp /usr/share/libc-bin/nsswitch.conf /etc \\
 && cd /usr/share/base-passwd && cp passwd.master /etc/passwd && cp group.master /etc/group
"""
PYTHON = f"""\
FROM {PROGRAMS}
{SET_UP}\
COPY ca.crt /etc/ssl/certs/ca-certificates.crt
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
RUN ln -s /usr/bin/python3 /usr/local/bin/python
"""
REDIS = f"FROM {SERVERS}\n"
POSTGRES = f"""\
FROM {SERVERS}
{SET_UP}\
COPY entry /usr/local/bin/entry
RUN chmod 0755 /usr/local/bin/entry && useradd --system postgres \\
 && ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin
ENTRYPOINT ["entry"]
"""
#: What docker-compose.yml relies on of the official image's own script.
POSTGRES_ENTRY = """\
#!/bin/sh
set -eu
bin=$(echo /usr/lib/postgresql/*/bin)
data=/var/lib/postgresql/data
as() { exec setpriv --reuid postgres --regid postgres --clear-groups "$@"; }
mkdir -p "$data" && chown postgres "$data" && chmod 0700 "$data"
if [ ! -s "$data/PG_VERSION" ]; then
  printf %s "$POSTGRES_PASSWORD" > /tmp/password && chown postgres /tmp/password
  (as "$bin/initdb" -D "$data" -U "$POSTGRES_USER" --pwfile /tmp/password -A scram-sha-256 \
    -E UTF8 --no-sync)
  rm /tmp/password
  echo "CREATE DATABASE $POSTGRES_DB" | (as "$bin/postgres" --single -D "$data" postgres)
  echo "host all all all scram-sha-256" >> "$data/pg_hba.conf"
fi
as "$bin/postgres" -D "$data" -c listen_addresses='*' -k /tmp
"""
IMAGES = {"python:3.13-slim": PYTHON, "redis:7-alpine": REDIS, "postgres:17-alpine": POSTGRES}


class StandIns:
    """The images, for as long as the block, for all test processes that want them.

    Those that this engine has of these names, as the machine brought them, are left as they are.
    """

    def __init__(self, engine: DockerEngine) -> None:
        self._engine = engine
        self.shared = Shared(Path(tempfile.gettempdir()) / f"oneoff-test-images-{os.getuid()}")

    def __enter__(self) -> Self:
        self.shared.join(self._build)
        return self

    def __exit__(self, *error: object) -> None:
        self.shared.leave(self._remove)

    def _build(self) -> None:
        wanted = [name for name in IMAGES if not self._engine.has_image(name)]
        if wanted:
            with ThreadPoolExecutor() as side_by_side:
                list(side_by_side.map(partial(_make_base, self._engine), BASES))
        for name in wanted:
            with tempfile.TemporaryDirectory() as folder:
                _fill(Path(folder), IMAGES[name])
                self._engine.run("build", "--quiet", "--tag", name, folder)

    def _remove(self) -> None:
        """Remove what was made: under these names nobody expects stand-ins."""
        if self._engine.has_image(PROGRAMS):
            self._engine.run("rmi", "--force", *IMAGES, *BASES)


def _make_base(engine: DockerEngine, name: str) -> None:
    if not shutil.which("mmdebstrap"):
        missing("mmdebstrap (Debian: apt-get install mmdebstrap)")
    # Only unpacked: to have dpkg install them, too, takes several times as long; and all of them:
    # to leave files out meanwhile has each package go through a filter.
    without = f'--extract-hook=cd "$1" && rm -rf {" ".join(NEEDLESS)}'
    make = ["mmdebstrap", "--variant=extract", without, f"--include={','.join(BASES[name])}"]
    load = ["docker", "--host", engine.host, "import", "-", name]
    quiet = subprocess.DEVNULL
    with subprocess.Popen([*make, "bookworm", "-"], stdout=subprocess.PIPE, stderr=quiet) as made:
        subprocess.run(load, stdin=made.stdout, stdout=quiet, check=True)
    assert made.returncode == 0, "mmdebstrap failed"


def _fill(folder: Path, dockerfile: str) -> None:
    (folder / "Dockerfile").write_text(dockerfile)
    (folder / "entry").write_text(POSTGRES_ENTRY)
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", folder / "ca.crt")
