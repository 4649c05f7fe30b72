"""Certificates for tests, made by the openssl command."""

import shutil
import subprocess
from pathlib import Path


def make_certificate(folder: Path, name: str, *, days: int = 2) -> Path | None:
    """Write a self-signed certificate and its key into one file; None without openssl.

    A negative number of ``days`` makes one that is over.
    """
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    key, request, certificate, both = (
        folder / f"{name}.{end}" for end in ("key", "csr", "crt", "pem")
    )
    asking = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    asking += ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    _run(openssl, *asking, "-keyout", str(key), "-out", str(request))
    signing = ["x509", "-req", "-days", str(days), "-copy_extensions", "copy"]
    _run(openssl, *signing, "-signkey", str(key), "-in", str(request), "-out", str(certificate))
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
