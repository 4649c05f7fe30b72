"""What the how-to pages say can be done, can be done as they say it."""

import re
import threading

import pytest

from tests.app.cli.test_runs import claim_soon
from tests.architecture.source import ROOT
from tests.support.api import make, settle

_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_page_of_the_python_client_works(api_url, client, capsys):
    page = (ROOT / "docs/howto/use-the-python-client.md").read_text()
    first, second, third = _PYTHON.findall(page.replace("http://localhost:8080", api_url))
    exec(first, {})
    assert "hello" in capsys.readouterr().out
    make(client, name="another")
    worker = threading.Thread(target=lambda: settle(claim_soon(), exit_code=0))
    worker.start()
    exec(second, {})
    worker.join()
    assert "completed 0 40" in capsys.readouterr().out
    exec(third, {})
    assert "name must have 1 to 255" in capsys.readouterr().out
