"""Imports point downwards only, as the contracts in setup.cfg say."""

import subprocess
import sys

from tests.architecture.source import ROOT

LINT = (
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
)


def test_the_import_contracts_are_kept():
    command = [sys.executable, "-c", LINT]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
