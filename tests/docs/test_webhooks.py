"""The verifiers of the page of webhooks know a genuine delivery from a forged one."""

import json
import re
import shutil
import subprocess
import time
from typing import Any

from app.domain import signing
from tests.architecture.source import ROOT
from tests.support.servers import missing

_PAGE = (ROOT / "docs/howto/webhooks.md").read_text()
_BODY = '{"event":"job.failed","data":{"name":"Zoë ✓"}}'
_SECRETS = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "It's a Secret")


def _code(kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def _headers(secret: str, over: dict[str, str] | None = None, age: float = 0) -> dict[str, str]:
    moment = int(time.time() - age)
    signature = signing.sign(secret, "msg_1", moment, _BODY.encode())
    other = signing.sign("another", "msg_1", moment, _BODY.encode())
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(moment),
        "webhook-signature": f"{other} {signature}",
    } | (over or {})


def _cases() -> list[tuple[str, dict[str, str], str, bool]]:
    first, second = _SECRETS
    return [
        (first, _headers(first), _BODY, True),
        (second, _headers(second), _BODY, True),
        (first, _headers(second), _BODY, False),
        (first, _headers(first), _BODY + " ", False),
        (first, _headers(first, age=600), _BODY, False),
        (first, _headers(first, {"webhook-id": "msg_2"}), _BODY, False),
        (first, _headers(first, {"webhook-timestamp": "soon"}), _BODY, False),
        (first, _headers(first, {"webhook-signature": "v1,"}), _BODY, False),
        (first, _headers(first, {"webhook-signature": "é v1 x"}), _BODY, False),
        (first, {}, _BODY, False),
    ]


def test_the_verifier_in_python() -> None:
    known: dict[str, Any] = {}
    exec(_code("python"), known)
    for secret, headers, body, is_genuine in _cases():
        assert known["is_genuine"](secret, headers, body.encode()) is is_genuine, headers


def test_the_verifier_in_node() -> None:
    node = shutil.which("node")
    if node is None:
        missing("Node (Debian: apt-get install nodejs)")
    calls = "const cases = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));\n"
    calls += (
        "console.log(JSON.stringify(cases.map(([s, h, b]) => isGenuine(s, h, Buffer.from(b)))));"
    )
    done = subprocess.run(
        [node, "-e", f"{_code('js')}\n{calls}"],
        input=json.dumps([case[:3] for case in _cases()]),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert json.loads(done.stdout) == [case[3] for case in _cases()]
